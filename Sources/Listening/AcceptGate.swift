import Logging
import NIOCore

/// Decides when a listening channel takes connections: not while there is no descriptor for one
/// more, which pauses it and does not end it, and never again once it is closed.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel
    private let log: Logger
    private var pausedUntil = NIODeadline.distantPast
    private var isClosed = false

    init(log: Logger) { self.log = log }

    /// On the channel's event loop.
    func close(_ channel: any Channel) -> EventLoopFuture<Void> {
        isClosed = true
        return channel.setOption(.autoRead, value: false)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        guard pausedUntil <= .now() else { return }
        pausedUntil = .now() + Limits.pause
        log.warning("no connection accepted", metadata: ["error": "\(error)"])
        let channel = context.channel
        channel.setOption(.autoRead, value: false).assumeIsolated().whenSuccess {
            channel.eventLoop.assumeIsolated().scheduleTask(in: Limits.pause) {
                guard !self.isClosed else { return }
                _ = channel.setOption(.autoRead, value: true)
            }
        }
    }
}
