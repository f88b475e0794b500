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
    /// The channel of a connection whose bytes are joined to records, and what answers on it.
    struct RecordChannel: Sendable {
        let records: NIOAsyncChannel<[UInt8], ByteBuffer>
        let handler: NIOLoopBound<CallHandler>

        func begin(_ connection: RPCConnection) {
            records.channel.eventLoop.execute { handler.value.connection = connection }
        }
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

    private static let idNext = Mutex(1)

    /// Serves a connected socket, which it owns from now on, until it ends or the task is
    /// cancelled.
    public func serve(descriptor: Int32, peer: RPCPeer) async {
        do {
            let channel = try await ClientBootstrap(group: Self.loops)
                .channelOption(.allowRemoteHalfClosure, value: false)
                .withConnectedSocket(descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try records(of: channel) }
                }
            try await onEventLoop(of: channel.records.channel.eventLoop) {
                try await serve(channel, peer)
            }
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
                    (try records(of: channel), peer)
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
                for try await (channel, peer) in connections {
                    group.addTask {
                        do {
                            try await onEventLoop(of: channel.records.channel.eventLoop) {
                                try await serve(channel, peer)
                            }
                        } catch {
                            log.debug("connection ended", metadata: ["error": "\(error)"])
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func records(of channel: any Channel) throws -> RecordChannel {
        let handler = CallHandler(dispatcher: dispatcher, log: log)
        try channel.pipeline.syncOperations.addHandler(RecordHandler(calls: handler))
        return RecordChannel(
            records: try NIOAsyncChannel(wrappingChannelSynchronously: channel),
            handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
    }

    private func serve(_ channel: RecordChannel, _ peer: RPCPeer) async throws {
        try await channel.records.executeThenClose { inbound, outbound in
            let id = Self.idNext.withLock { next in
                defer { next += 1 }
                return next
            }
            let connection = RPCConnection(id: id, peer: peer, outbound: outbound)
            defer { didClose(connection) }
            channel.begin(connection)
            for try await record in inbound { try await answer(record, connection) }
        }
    }

    private func answer(_ record: [UInt8], _ connection: RPCConnection) async throws {
        switch try Message(record) {
        case .reply: return
        case .wrongVersion(let xid): try await connection.send(Answer.versionDenied(xid: xid))
        case .call(let header, let body):
            let answer: Answer
            switch dispatcher.target(of: header) {
            case .answer(let given): answer = given
            case .procedure(let procedure):
                guard let given = await run(procedure, body, connection) else { return }
                answer = given
            }
            try await connection.send(answer.record(xid: header.xid))
        }
    }

    private func run(
        _ procedure: RPCProcedure, _ body: ArraySlice<UInt8>, _ connection: RPCConnection
    ) async -> Answer? {
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask {
                    var call = RPCCall(arguments: XDRReader(body), connection: connection)
                    return try await procedure.later(&call).map { .success($0) }
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(Limits.callSeconds))
                    return .systemError
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .systemError
            }
        } catch is CancellationError {
            return nil
        } catch {
            return procedure.failure(error, connection, log)
        }
    }
}
