import NIOCore
import NIOPosix

/// Runs something on an event loop after a while, unless it is cancelled before. The loop is the
/// caller's own, where it runs on one: no thread is woken, as one is for a `Task.sleep`.
public struct LoopTimer: Sendable {
    private let scheduled: Scheduled<Void>

    public init(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        let loop =
            MultiThreadedEventLoopGroup.currentEventLoop
            ?? MultiThreadedEventLoopGroup.singleton.next()
        scheduled = loop.scheduleTask(in: TimeAmount(delay), body)
    }

    public func cancel() { scheduled.cancel() }
}
