/// An IP address and a port.
struct SocketName: Hashable, CustomStringConvertible {
    /// 16 bytes; IPv4 as IPv4-mapped.
    var address: [UInt8]
    var port: UInt16

    var isMapped: Bool { address.prefix(12).elementsEqual(SocketName.mappedPrefix) }
    var isLoopback: Bool {
        isMapped ? address[12] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }
    static let mappedPrefix: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

    var description: String {
        if isMapped {
            return address.suffix(4).map(String.init).joined(separator: ".") + ":\(port)"
        }
        let groups = stride(from: 0, to: 16, by: 2).map { index in
            String(UInt16(address[index]) << 8 | UInt16(address[index + 1]), radix: 16)
        }
        return "[\(groups.joined(separator: ":"))]:\(port)"
    }
}
