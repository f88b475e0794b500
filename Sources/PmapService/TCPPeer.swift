import Glibc
import RPCTransport

/// Who is at the other end of a TCP connection: root of this node is trusted, everybody else not.
struct TCPPeer: Sendable {
    /// nil: nobody is trusted.
    let owners: SocketOwners?

    func of(_ descriptor: Int32) -> RPCPeer {
        guard let remote = Self.name(descriptor, getpeername),
            let local = Self.name(descriptor, getsockname)
        else { return RPCPeer(description: "?", isTrusted: false, pid: nil) }
        // Only this host itself can have the same address at both ends, or a loopback one.
        let isHere = remote.address == local.address || remote.isLoopback
        let uid = isHere ? owners?.uid(of: remote, connectedTo: local) : nil
        return RPCPeer(description: remote.description, isTrusted: uid == 0, pid: nil)
    }

    private static func name(
        _ descriptor: Int32,
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketName? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> SocketName? in
                guard call(descriptor, address, &length) == 0 else { return nil }
                return name(of: address)
            }
        }
    }

    private static func name(of address: UnsafeMutablePointer<sockaddr>) -> SocketName? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                let bytes = withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
                return SocketName(
                    address: SocketName.mappedPrefix + bytes,
                    port: UInt16(bigEndian: address.pointee.sin_port))
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                SocketName(
                    address: withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) },
                    port: UInt16(bigEndian: address.pointee.sin6_port))
            }
        default: return nil
        }
    }
}
