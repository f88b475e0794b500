public import Logging
public import NIOCore
import Synchronization

/// The listening channel of one server, which takes connections while it can and stops in order.
///
/// swift-nio traps when an accepted channel is dropped that was wrapped for Swift's concurrency
/// and never served (`NIOAsyncWriter.deinit`). So a server that is to stop first accepts no more,
/// and ends when those that it accepted are served. Who comes meanwhile waits in the socket's
/// queue, which systemd keeps for the next run.
public final class Listener: Sendable {
    private let log: Logger
    private let gate = Mutex<NIOLoopBound<(channel: any Channel, gate: AcceptGate)>?>(nil)

    public init(log: Logger) { self.log = log }

    /// For the initializer of a server's channel.
    public func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let made = AcceptGate(log: log)
            try channel.pipeline.syncOperations.addHandler(made)
            let bound = NIOLoopBound((channel: channel, gate: made), eventLoop: channel.eventLoop)
            gate.withLock { $0 = bound }
        }
    }

    /// Returns when all that was accepted has reached its server.
    public func stopAccepting() async {
        guard let bound = gate.withLock({ $0 }) else { return }
        let closed = bound.eventLoop.flatSubmit { bound.value.gate.close(bound.value.channel) }
        try? await closed.get()
        try? await Task.sleep(for: Limits.settleTime)
    }
}
