import EventLoopTasks
import Listening
public import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SunRPC
import Synchronization
import XDR

/// Serves SunRPC on connections: each call is answered once. What needs no waiting is
/// answered at once, the rest of a connection one after the other; so an answer may overtake one
/// that waits, and callers tell them apart by xid.
public struct RPCServer: Sendable {
    /// A connection whose handler is in place.
    private struct Served: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<RecordHandler>
        let calls: CallHandler
        let later: AsyncStream<CallHandler.Later>
    }

    /// Half of the cores, up to 4: those who ask are on this node too, and a call is over sooner
    /// where both have a core of their own (docs/decisions/0047-event-loop-tasks.md).
    private static let loops = MultiThreadedEventLoopGroup(
        numberOfThreads: max(1, min(4, System.coreCount / 2)))

    private let dispatcher: RPCDispatcher
    private let log: Logger
    private let didClose: @Sendable (RPCConnection) -> Void

    /// `didClose` hears of every connection that has ended.
    public init(
        dispatcher: RPCDispatcher, log: Logger,
        didClose: @escaping @Sendable (RPCConnection) -> Void
    ) {
        self.dispatcher = dispatcher
        self.log = log
        self.didClose = didClose
    }

    /// Serves a connected socket, which it owns from now on, until it ends or the task is
    /// cancelled.
    public func serve(descriptor: Int32, peer: RPCPeer) async {
        do {
            let served = try await ClientBootstrap(group: Self.loops)
                .channelOption(.allowRemoteHalfClosure, value: false)
                .withConnectedSocket(descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try install(on: channel, peer) }
                }
            await serve(served)
        } catch {
            log.debug("connection ended", metadata: ["peer": "\(peer)", "error": "\(error)"])
        }
    }

    /// Serves every connection that comes to a listening Unix socket, which it owns from now on,
    /// until it is to stop.
    public func serveUnix(listening descriptor: Int32) async throws {
        let door = Listener(log: log)
        let server = try await ServerBootstrap(group: Self.loops)
            .serverChannelInitializer(door.install)
            // NIO listens anew, with a queue of 128 if it is not told; GlusterFS does not wait for
            // room in it.
            .serverChannelOption(.backlog, value: Limits.backlog)
            .bind(descriptor) { channel in
                UnixCredentials.ask(channel).flatMapThrowing { peer in
                    try install(on: channel, peer)
                }
            }
        let listening = server.channel
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await gracefulShutdown()
                await door.stopAccepting()
                try await listening.close()
            }
            try await server.executeThenClose { connections in
                for try await served in connections {
                    group.addTask { await serve(served) }
                }
            }
            group.cancelAll()
        }
    }

    private func install(on channel: any Channel, _ peer: RPCPeer) throws -> Served {
        let calls = CallHandler(
            connection: RPCConnection(peer: peer, channel: channel), dispatcher: dispatcher,
            log: log)
        let (later, giver) = AsyncStream.makeStream(of: CallHandler.Later.self)
        let handler = RecordHandler(calls: calls, later: giver, log: log, didClose: didClose)
        try channel.pipeline.syncOperations.addHandler(handler)
        return Served(
            channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
            calls: calls, later: later)
    }

    /// Answers the calls that have to wait, until the connection or the task ends.
    private func serve(_ served: Served) async {
        let (channel, handler) = (served.channel, served.handler)
        await withTaskCancellationHandler {
            await onEventLoop(of: channel.eventLoop) {
                for await call in served.later {
                    if let answer = await served.calls.answer(call) {
                        var buffer = ByteBuffer()
                        buffer.write(answer, xid: call.xid)
                        // Written when those before it are read; not, when the connection ends.
                        try? await channel.writeAndFlush(buffer)
                    }
                    channel.eventLoop.execute { handler.value.answered(call, channel) }
                }
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}
