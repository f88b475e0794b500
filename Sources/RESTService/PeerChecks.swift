import GD2Error
import GlusterModel

/// What can be said of a request about a peer without asking anybody.
extension PeerChanges {
    /// Paths below `/v1/peers` that are no peers.
    private static let reservedNames: Set<String> = ["tokens", "pair", "localhost"]

    static func checkName(_ name: String) throws(GD2Error) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...253).contains(name.utf8.count), PeerID(name) == nil else {
            throw GD2Error(
                .invalid, "name \"\(name)\" is none: letters, digits, dots, - and _, 253 at most")
        }
        guard !reservedNames.contains(name) else {
            throw GD2Error(.invalid, "name \(name) is reserved: choose another")
        }
    }

    static func checkAddress(_ address: String) throws(GD2Error) {
        guard PeerAddress.isPlausible(address) else {
            throw GD2Error(
                .invalid, "address \"\(address)\" is none of HOST, HOST:PORT and [IPv6]:PORT")
        }
    }

    static func zone(_ zone: String) throws(GD2Error) -> String {
        guard !zone.isEmpty, zone.utf8.count <= 255 else {
            throw GD2Error(.invalid, "zone \"\(zone)\" has to have 1 to 255 bytes")
        }
        return zone
    }
}

/// `HOST`, `HOST:PORT`, an IPv6 address or `[IPv6]:PORT`.
enum PeerAddress {
    /// Without port and brackets.
    static func host(of address: String) -> String {
        if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
            return String(address[address.index(after: address.startIndex)..<end])
        }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : address
    }

    /// Whether others reach themselves by it.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1"
    }

    /// Whether it has the form of one; a name's resolver decides the rest.
    static func isPlausible(_ address: String) -> Bool {
        let host = host(of: address)
        guard (1...253).contains(host.utf8.count), !host.hasPrefix("-"),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"/[]@\"'".utf8.contains($0) })
        else { return false }
        let isBracketed = address.hasPrefix("[")
        let rest = address.dropFirst(host.count + (isBracketed ? 2 : 0))
        if rest.isEmpty { return true }
        // UInt16 would also take a sign.
        let digits = rest.utf8.dropFirst()
        return rest.hasPrefix(":") && digits.allSatisfy { (0x30...0x39).contains($0) }
            && UInt16(rest.dropFirst()).map { $0 > 0 } == true
    }
}
