import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Bounds the connections of TCP 24008, which anybody can open: how long a handshake may take, how
/// many may be in one, and how many there may be at all.
final class ConnectionBounds: Sendable {
    private struct State {
        var table = ConnectionTable(
            handshakesMax: Limits.handshakesMax, totalMax: Limits.nodeConnectionsMax)
        var doors: [Int: NIOLoopBound<ConnectionDoor>] = [:]
        var refusals = RefusalCount()
    }

    private let state = Mutex(State())
    private let log: Logger

    init(log: Logger) { self.log = log }

    /// For the initializer of a connection with TLS, which must not fail: it would be dropped
    /// unserved.
    func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            // Of one that is closed already it is gone.
            guard let tls = try? pipeline.handler(type: NIOSSLServerHandler.self) else { return }
            let (number, way) = state.withLock { $0.table.accept() }
            let door = ConnectionDoor(number: number, bounds: self)
            let bound = NIOLoopBound(door, eventLoop: channel.eventLoop)
            state.withLock { $0.doors[number] = bound }
            do {
                try pipeline.addHandler(door, position: .first)
                try pipeline.addHandler(
                    ConnectionProof(number: number, bounds: self), position: .after(tls))
            } catch {
                end(number)
            }
            if let way { close(way.number, way.reason) }
            door.deadline = channel.eventLoop.scheduleTask(in: TimeAmount(Limits.handshake)) {
                self.expire(number)
            }
        }
    }

    fileprivate func prove(_ number: Int) { state.withLock { $0.table.prove(number) } }

    fileprivate func end(_ number: Int) {
        state.withLock { state in
            state.table.end(number)
            state.doors[number] = nil
        }
    }

    private func expire(_ number: Int) {
        if state.withLock({ $0.table.expire(number) }) { close(number, .late) }
    }

    private func close(_ number: Int, _ reason: RefusalCount.Reason) {
        let now = ContinuousClock.now
        let (door, said) = state.withLock { state in
            (
                state.doors[number],
                state.refusals.note(reason, now: now, every: Limits.refusalsSaidEvery)
            )
        }
        // Later also where it is this loop's: a channel is not closed within its initializer.
        if let door { door.eventLoop.execute { door.value.close() } }
        guard let said else { return }
        var metadata: Logger.Metadata = [:]
        for (reason, count) in said { metadata[reason.rawValue] = "\(count)" }
        log.warning("connections refused", metadata: metadata)
    }
}

/// Stands before TLS, whose own end would wait for the other one's.
private final class ConnectionDoor: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let number: Int
    private let bounds: ConnectionBounds
    private var context: ChannelHandlerContext?
    var deadline: Scheduled<Void>?

    init(number: Int, bounds: ConnectionBounds) {
        self.number = number
        self.bounds = bounds
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    /// The end of each connection.
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        bounds.end(number)
    }

    func close() { context?.close(mode: .all, promise: nil) }
}

/// Stands behind TLS, which lets nothing through before the handshake is done.
private final class ConnectionProof: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let number: Int
    private let bounds: ConnectionBounds
    private var isProven = false

    init(number: Int, bounds: ConnectionBounds) {
        self.number = number
        self.bounds = bounds
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isProven {
            isProven = true
            bounds.prove(number)
        }
        context.fireChannelRead(data)
    }
}
