import NIOCore

/// Ends a connection whose answer is sent and whose client was to close it, and does not.
///
/// Hummingbird ends a connection by closing its own half, after a request that it could not read
/// or that was answered early for instance, and reads no more. What the client sent after that
/// stays in the socket's buffer, before its end of file: the connection would be held until it
/// counts as idle.
final class LingeringClose: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    private var end: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        // Without it the answer to what cannot be read stays empty.
        try? UnreadableRequest.install(in: context.pipeline)
        try? RequestRules.install(in: context.pipeline)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        let sent = promise ?? context.eventLoop.makePromise()
        context.close(mode: mode, promise: sent)
        let channel = context.channel
        sent.futureResult.assumeIsolated().whenComplete { _ in
            guard channel.isActive, self.end == nil else { return }
            self.end = channel.eventLoop.assumeIsolated().scheduleTask(in: Limits.lingering) {
                channel.close(promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        context.fireChannelInactive()
    }
}
