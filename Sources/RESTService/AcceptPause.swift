import Logging
import NIOCore

/// Keeps a listening channel when there is no descriptor for one more connection: it accepts again
/// after a pause, and does not end.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel
    private let log: Logger
    private var pausedUntil = NIODeadline.distantPast

    init(log: Logger) { self.log = log }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else { return context.fireErrorCaught(error) }
        guard pausedUntil <= .now() else { return }
        pausedUntil = .now() + .milliseconds(Limits.acceptPauseMs)
        log.warning("no connection accepted", metadata: ["error": "\(error)"])
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenSuccess {
            channel.eventLoop.scheduleTask(in: .milliseconds(Limits.acceptPauseMs)) {
                channel.setOption(.autoRead, value: true)
            }
        }
    }
}
