// Which addresses GlusterFS takes in `auth.allow` and its like (libglusterfs common-utils.c,
// valid_internet_address; options.c, xlator_option_validate_addr_list): a brick that is given
// another one does not start.
extension OptionKind {
    /// Addresses with commas; or for directories each, `/dir(host|host),/other(host)`.
    static func isAddressList(_ text: String) -> Bool {
        let items = text.split(separator: ",")
        guard text.hasPrefix("/") || text.contains("(") else {
            return items.allSatisfy { isAddress($0) }
        }
        return items.allSatisfy { item in
            guard item.hasPrefix("/"), item.hasSuffix(")"), let open = item.firstIndex(of: "(")
            else { return false }
            let addresses = item[item.index(after: open)...].dropLast().split(separator: "|")
            return !addresses.isEmpty && addresses.allSatisfy { isAddress($0) }
        }
    }

    private static func isAddress(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)[...]
        return isIPv4(bytes) || isIPv6(bytes) || isHostName(bytes) || isNetwork(bytes)
    }

    /// Four numbers up to 255, of which each may be `*`; fewer where one is.
    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        guard let last = text.last, last == star || isDigit(last), !hasTwoDots(text) else {
            return false
        }
        let parts = text.split(separator: dot)
        guard parts.allSatisfy({ $0 == [star] || (number($0) ?? 256) <= 255 }) else {
            return false
        }
        return parts.count == 4 || (parts.count < 4 && parts.contains { $0 == [star] })
    }

    /// Eight groups; fewer where `::` stands for some, or one is `*`. After `%` an interface.
    private static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        let halves = text.split(
            separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = halves.first, halves.count == 1 || isInterface(halves[1]) else {
            return false
        }
        var groups = address.split(separator: colon, omittingEmptySubsequences: false)
        if address.starts(with: [colon, colon]) {
            groups.removeFirst()
        } else if address.first == colon {
            return false
        }
        let gaps = groups.count { $0.isEmpty }
        guard (2...8).contains(groups.count), gaps <= 1, groups.last?.isEmpty == false,
            groups.allSatisfy({ $0 == [star] || ($0.count <= 4 && $0.allSatisfy(isHexDigit)) })
        else { return false }
        return groups.count == 8 || gaps == 1 || groups.contains { $0 == [star] }
    }

    private static func isInterface(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty && text.allSatisfy { isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }

    /// Labels of letters, digits and, within, `-`. A number too large for an address is one, too.
    private static func isHostName(_ text: ArraySlice<UInt8>) -> Bool {
        guard let last = text.last, isLetterOrDigit(last), text.count <= 255, !hasTwoDots(text)
        else { return false }
        return text.split(separator: dot).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isLetterOrDigit(first) && isLetterOrDigit(last)
                && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// An IPv4 address and a length from 1 to 32; there is none for IPv6.
    private static func isNetwork(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(
            separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = number(parts[1]) else { return false }
        return isIPv4(parts[0]) && (1...32).contains(bits)
    }

    private static let dot = UInt8(ascii: ".")
    private static let colon = UInt8(ascii: ":")
    private static let star = UInt8(ascii: "*")

    /// Of decimal digits alone; nil for another text.
    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        text.allSatisfy(isDigit) ? Int(String(decoding: text, as: UTF8.self)) : nil
    }

    private static func hasTwoDots(_ text: ArraySlice<UInt8>) -> Bool {
        zip(text, text.dropFirst()).contains { $0 == dot && $1 == dot }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= (byte | 0x20)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= (byte | 0x20)
    }
}
