import NIOCore
import SunRPC
import Synchronization
import XDR

/// One open connection of a GlusterFS process.
public final class RPCConnection: Sendable, Identifiable {
    /// Unique in this process.
    public let id: Int
    /// Who is at the other end, as the kernel knows it.
    public let peer: RPCPeer
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let xidNext = Mutex<UInt32>(1)

    init(id: Int, peer: RPCPeer, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.id = id
        self.peer = peer
        self.outbound = outbound
    }

    /// Calls back without expecting a reply, as GlusterFS's callback program does.
    public func callBack(program: UInt32, version: UInt32, procedure: UInt32) async throws {
        let xid = xidNext.withLock { next in
            defer { next &+= 1 }
            return next
        }
        let header = CallHeader(xid: xid, program: program, version: version, procedure: procedure)
        try await send(callRecord(header, body: []))
    }

    func send(_ record: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: RecordDecoder.encode(record)))
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
