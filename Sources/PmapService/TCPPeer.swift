import Glibc
import RPCTransport

/// Who is at the other end of a TCP connection: root of this node is trusted, everybody else not.
enum TCPPeer {
    static func of(_ descriptor: Int32) -> RPCPeer {
        guard let remote = name(descriptor, getpeername), let local = name(descriptor, getsockname)
        else { return RPCPeer(description: "?", isTrusted: false, pid: nil) }
        // Only this host itself can have the same address at both ends, or a loopback one.
        let isHere = remote.address == local.address || remote.isLoopback
        let uid = isHere ? surely { owner(of: remote, connectedTo: local) } : nil
        return RPCPeer(description: remote.description, isTrusted: uid == 0, pid: nil)
    }

    private struct Name: CustomStringConvertible {
        /// 16 bytes; IPv4 as IPv4-mapped.
        var address: [UInt8]
        var port: UInt16

        var isMapped: Bool { address.prefix(12).elementsEqual(Name.mappedPrefix) }
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

    private static func name(
        _ descriptor: Int32,
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Name? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Name? in
                guard call(descriptor, address, &length) == 0 else { return nil }
                return name(of: address)
            }
        }
    }

    private static func name(of address: UnsafeMutablePointer<sockaddr>) -> Name? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                let bytes = withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
                return Name(
                    address: Name.mappedPrefix + bytes,
                    port: UInt16(bigEndian: address.pointee.sin_port))
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                Name(
                    address: withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) },
                    port: UInt16(bigEndian: address.pointee.sin6_port))
            }
        default: return nil
        }
    }

    /// The kernel's table is read in pieces: a socket can be missed while others come and go, and
    /// whoever was trusted before would get another volfile.
    private static func surely(_ find: () -> UInt32?) -> UInt32? {
        for _ in 0..<Limits.ownerTries {
            if let found = find() { return found }
        }
        return nil
    }

    /// The uid of the socket with that name here (proc_pid_net(5)); nil when there is none.
    private static func owner(of remote: Name, connectedTo local: Name) -> UInt32? {
        for (file, isMapped) in [("/proc/self/net/tcp", true), ("/proc/self/net/tcp6", false)] {
            if isMapped && !(remote.isMapped && local.isMapped) { continue }
            let from = hex(remote, short: isMapped)
            let to = hex(local, short: isMapped)
            for line in String(decoding: contents(of: file), as: UTF8.self).split(separator: "\n")
                .dropFirst()
            {
                let fields = line.split(separator: " ", maxSplits: 8)
                if fields.count > 7, fields[1] == from, fields[2] == to { return UInt32(fields[7]) }
            }
        }
        return nil
    }

    /// The kernel gives such a file a page at a time, and Foundation takes the first for all.
    private static func contents(of file: String) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }

    /// As the kernel prints it: 32-bit words in host order, a colon, the port.
    private static func hex(_ name: Name, short: Bool) -> String {
        let bytes = short ? Array(name.address.suffix(4)) : name.address
        var text = ""
        for word in stride(from: 0, to: bytes.count, by: 4) {
            for byte in bytes[word..<word + 4].reversed() { text += padded(UInt64(byte), 2) }
        }
        return text + ":" + padded(UInt64(name.port), 4)
    }

    private static func padded(_ number: UInt64, _ digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
