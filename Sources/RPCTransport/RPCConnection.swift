import NIOCore
import SunRPC
import Synchronization

/// One open connection of a GlusterFS process.
public final class RPCConnection: Sendable, Identifiable {
    /// Unique in this process.
    public let id: Int
    /// Who is at the other end, as the kernel knows it.
    public let peer: RPCPeer
    private let channel: any Channel
    private let xidNext = Mutex<UInt32>(1)
    private let unsent = Mutex<[UInt8]?>(nil)
    private static let idNext = Mutex(1)

    init(peer: RPCPeer, channel: any Channel) {
        id = Self.idNext.withLock { next in
            defer { next += 1 }
            return next
        }
        self.peer = peer
        self.channel = channel
    }

    /// Calls back without expecting a reply, as GlusterFS's callback program does. Who does not
    /// read what he was sent before is called when he does, once for all calls meanwhile.
    public func callBack(program: UInt32, version: UInt32, procedure: UInt32) {
        let xid = xidNext.withLock { next in
            defer { next &+= 1 }
            return next
        }
        let header = CallHeader(xid: xid, program: program, version: version, procedure: procedure)
        unsent.withLock { $0 = callRecord(header, body: []) }
        if channel.isWritable { sendUnsent() }
    }

    /// To be called when the other end reads again.
    func sendUnsent() {
        guard let record = unsent.withLock({ $0.take() }) else { return }
        var buffer = ByteBuffer()
        buffer.write(record: record)
        channel.writeAndFlush(buffer, promise: nil)
    }
}

/// The other end of a connection.
public struct RPCPeer: Hashable, Sendable, CustomStringConvertible {
    /// `address:port`, or `unix`.
    public var description: String
    /// Whether it is root of this node.
    public var isTrusted: Bool
    /// On the Unix socket: the process, as the kernel saw it at connect(2).
    public var pid: Int32?

    public init(description: String, isTrusted: Bool, pid: Int32?) {
        self.description = description
        self.isTrusted = isTrusted
        self.pid = pid
    }
}
