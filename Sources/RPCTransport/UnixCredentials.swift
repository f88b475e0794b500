import Glibc
import NIOCore

/// Asks the kernel who is at the other end of a Unix socket (socket(7), SO_PEERCRED).
enum UnixCredentials {
    private struct Kernel {
        var pid: Int32 = 0
        var uid: UInt32 = .max
        var gid: UInt32 = .max
    }

    static func ask(_ channel: any Channel) -> EventLoopFuture<RPCPeer> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let found: EventLoopFuture<Kernel> = provider.unsafeGetSocketOption(
            level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED))
        return found.map { found in
            RPCPeer(description: "unix", isTrusted: found.uid == 0, pid: found.pid)
        }
    }
}
