import Glibc

/// Why a descriptor that came is no connection that can be served.
public enum DescriptorFault: Error, Equatable, CustomStringConvertible {
    case noStreamSocket
    case family(Int32)
    case listening
    /// Also of a client that has reset its connection meanwhile.
    case notConnected

    public var description: String {
        switch self {
        case .noStreamSocket: "it is no stream socket"
        case .family(let family): "it is a socket of family \(family), not IPv4, IPv6 or Unix"
        case .listening: "it is a listening socket"
        case .notConnected: "it is not connected"
        }
    }

    /// Throws unless `descriptor` is a connected stream socket: an event loop traps where epoll(7)
    /// takes no other kind of file.
    static func check(_ descriptor: Int32) throws(DescriptorFault) {
        guard option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue) else {
            throw .noStreamSocket
        }
        let family = option(SO_DOMAIN, of: descriptor) ?? -1
        guard [AF_INET, AF_INET6, AF_UNIX].contains(family) else { throw .family(family) }
        guard option(SO_ACCEPTCONN, of: descriptor) == 0 else { throw .listening }
        guard isConnected(descriptor) else { throw .notConnected }
    }

    /// socket(7); nil for what is no socket.
    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    private static func isConnected(_ descriptor: Int32) -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &size) == 0
            }
        }
    }
}
