import Glibc
import NIOCore
import NIOHPACK
import NIOHTTP2

/// `struct ucred` of `socket(7)`.
private struct KernelCredentials {
    var pid: Int32 = 0
    var uid: UInt32 = .max
    var gid: UInt32 = .max
}

/// Keeps a connection's credentials in its pipeline; passes everything on.
final class CredentialsKeeper: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let credentials: PeerCredentials

    init(_ credentials: PeerCredentials) { self.credentials = credentials }

    /// Asks the kernel for the peer of `channel` and puts a keeper into its pipeline.
    static func install(on channel: any Channel) -> EventLoopFuture<Void> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let found: EventLoopFuture<KernelCredentials> = provider.unsafeGetSocketOption(
            level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED))
        return found.flatMapThrowing { found in
            let credentials = PeerCredentials(pid: found.pid, uid: found.uid, gid: found.gid)
            try channel.pipeline.syncOperations.addHandler(CredentialsKeeper(credentials))
        }
    }
}

/// Replaces whatever a caller sent in the reserved header by what the kernel says of it.
final class CredentialsHeader: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    static let name = "gd2-peer-credentials"
    private let value: String

    init(_ credentials: PeerCredentials) { value = credentials.header }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .headers(var headers) = Self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        headers.headers.remove(name: Self.name)
        headers.headers.add(name: Self.name, value: value)
        context.fireChannelRead(Self.wrapInboundOut(.headers(headers)))
    }

    static func install(on stream: any Channel) -> EventLoopFuture<Void> {
        stream.eventLoop.makeCompletedFuture {
            guard let parent = stream.parent else { throw ChannelError.operationUnsupported }
            let keeper = try parent.pipeline.syncOperations.handler(type: CredentialsKeeper.self)
            try stream.pipeline.syncOperations.addHandler(
                CredentialsHeader(keeper.credentials), position: .first)
        }
    }
}
