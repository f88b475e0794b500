import EtcdAPI
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf
import Synchronization

/// The way to the store: this node's own etcd where that answers for the store, or an endpoint of
/// the external one, else that of another node, through its gd2-store. Looks twice a second whether
/// the way still leads there.
final class Upstream: Service {
    typealias Transport = HTTP2ClientTransport.Posix

    fileprivate enum Way: Hashable, Sendable {
        case own
        /// One of an external etcd.
        case endpoint(String)
        case through(PeerID)

        var isDirect: Bool {
            switch self {
            case .own, .endpoint: true
            case .through: false
            }
        }
    }

    private struct State {
        var way: Way
        var client: GRPCClient<Transport>
        var answers = false
        /// Whether ``answers`` is of this run.
        var hasLooked = false
        var ownTriedAt: ContinuousClock.Instant?
        var users: [Int: User] = [:]
        var userNext = 0

        /// What has to end: all, or only what follows the store for long.
        mutating func ending(onlyStreams: Bool) -> [AsyncStream<Void>.Continuation] {
            let ending = users.filter { $0.value.isStream || !onlyStreams }
            for number in ending.keys { users[number] = nil }
            return ending.map(\.value.end)
        }
    }

    /// A call that goes the present way.
    private struct User {
        let isStream: Bool
        let end: AsyncStream<Void>.Continuation
    }

    /// What this node itself speaks to.
    private let direct: [(Way, GRPCClient<Transport>)]
    private let connections: NodeConnections
    private let peers: PeerDirectory
    private let store: StoreState
    private let log: Logger
    private let state: Mutex<State>
    /// Whether this node runs a member at all.
    private let runsMember: @Sendable () async -> Bool

    /// `external`: instead of `own`.
    init(
        own: EtcdConnection, external: ExternalEtcd?, connections: NodeConnections,
        peers: PeerDirectory,
        store: StoreState, log: Logger, runsMember: @escaping @Sendable () async -> Bool
    ) {
        direct =
            external?.endpoints.map { (.endpoint($0.url.description), $0.connection.client) }
            ?? [(.own, own.client)]
        self.connections = connections
        self.peers = peers
        self.store = store
        self.log = log
        self.runsMember = runsMember
        state = Mutex(State(way: direct[0].0, client: direct[0].1))
    }

    private var client: GRPCClient<Transport> { state.withLock { $0.client } }
    var kv: Etcdserverpb_KV.Client<Transport> { .init(wrapping: client) }
    var watch: Etcdserverpb_Watch.Client<Transport> { .init(wrapping: client) }
    var lease: Etcdserverpb_Lease.Client<Transport> { .init(wrapping: client) }
    /// Whether the last look found the store, with a quorum behind it.
    var answers: Bool { state.withLock { $0.answers } }
    /// Whether the store answers without another node between.
    var answersDirectly: Bool { state.withLock { $0.answers && $0.way.isDirect } }
    private var hasLooked: Bool { state.withLock { $0.hasLooked } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.look()
                do { try await Task.sleep(for: Limits.upstreamLookEvery) } catch { return }
            }
        }
    }

    /// Throws UNAVAILABLE with the reason when the last look did not find the store.
    func check() throws {
        guard answers || !hasLooked else {
            let status = store.status
            // Its own look is older.
            let message = status.available ? "no answer at the last look" : status.message
            throw RPCError(code: .unavailable, message: message)
        }
    }

    func calling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await using(isStream: false, body)
    }

    func following<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await using(isStream: true, body)
    }

    /// What hangs on a connection to a node that went silent, or on an etcd without quorum, would
    /// wait there long.
    private func using<Value: Sendable>(
        isStream: Bool, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try check()
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let (number, way) = state.withLock { state in
            state.userNext += 1
            state.users[state.userNext] = User(isStream: isStream, end: continuation)
            return (state.userNext, state.way)
        }
        defer { state.withLock { $0.users[number] = nil } }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                do { return try await body() } catch { throw CallFailure.named(error, "\(way)") }
            }
            group.addTask {
                for await _ in stream {}
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else {
                // It may have been carried out.
                throw RPCError(code: .deadlineExceeded, message: "the way to the store has changed")
            }
            return value
        }
    }

    /// Whether the store answers now, for one whose stream broke off: the present way, or else
    /// another that is taken then.
    var answersNow: Bool {
        get async {
            let (way, client, answers) = state.withLock { ($0.way, $0.client, $0.answers) }
            guard answers else { return false }
            if await reaches(client) { return true }
            await findAnother(than: way, hasOwn: runsMember())
            return self.answers
        }
    }

    /// Goes another way, where there is one, before our own etcd is started anew. Returns when what
    /// it was asked already is answered.
    func leaveOwn() async {
        guard state.withLock({ $0.way }) == .own else { return }
        guard let found = await first(of: throughOthers) else { return }
        state.withLock { state in
            (state.way, state.client, state.ownTriedAt) = (found.0, found.1, .now)
        }
        log.info("store reached", metadata: ["way": "\(found.0)"])
        try? await Task.sleep(for: Limits.lastAnswers)
    }

    private func look() async {
        let (way, client, triedAt) = state.withLock { ($0.way, $0.client, $0.ownTriedAt) }
        let hasOwn = await runsMember()
        let ownIsDue = triedAt.map { .now - $0 > Limits.ownEtcdEvery } ?? true
        if !way.isDirect, hasOwn, ownIsDue {
            state.withLock { $0.ownTriedAt = .now }
            // Calls that are under way on the other one end there.
            if let found = await first(of: direct) {
                return take(found.0, found.1, after: way, onlyStreamsEnd: true)
            }
        }
        if !way.isDirect || hasOwn, await reaches(client) { return take(way, client, after: way) }
        await findAnother(than: way, hasOwn: hasOwn)
    }

    private func findAnother(than way: Way, hasOwn: Bool) async {
        var candidates: [(Way, GRPCClient<Transport>)] = []
        if hasOwn { candidates += direct.filter { $0.0 != way } }
        // The present way too: its connection may have been replaced.
        candidates += throughOthers
        if let found = await first(of: candidates) { return take(found.0, found.1, after: way) }
        let (isNews, streams) = state.withLock { state in
            guard state.way == way else { return (false, [AsyncStream<Void>.Continuation]()) }
            let was = state.answers
            (state.answers, state.hasLooked) = (false, true)
            return (was, state.ending(onlyStreams: false))
        }
        for stream in streams { stream.finish() }
        if isNews { log.warning("store not reached", metadata: ["way": "\(way)"]) }
    }

    private var throughOthers: [(Way, GRPCClient<Transport>)] {
        peers.otherVoters.shuffled().compactMap { peer in
            guard let known = peers.peer(peer), let client = try? connections.client(of: known)
            else { return nil }
            return (.through(peer), client)
        }
    }

    /// The one that answers first.
    private func first(
        of candidates: [(Way, GRPCClient<Transport>)]
    ) async -> (Way, GRPCClient<Transport>)? {
        await withTaskGroup(of: (Way, GRPCClient<Transport>)?.self) { group in
            for candidate in candidates {
                group.addTask { await self.reaches(candidate.1) ? candidate : nil }
            }
            for await result in group {
                guard let result else { continue }
                group.cancelAll()
                return Optional(result)
            }
            return nil
        }
    }

    /// `last`: which way was gone when the look began. Where another was taken since, that holds.
    private func take(
        _ way: Way, _ client: GRPCClient<Transport>, after last: Way, onlyStreamsEnd: Bool = false
    ) {
        let (isNew, streams) = state.withLock { state in
            guard state.way == last else { return (false, [AsyncStream<Void>.Continuation]()) }
            let isNew = state.way != way || !state.answers
            state.answers = true
            state.client = client
            guard state.way != way else { return (isNew, [AsyncStream<Void>.Continuation]()) }
            state.way = way
            return (isNew, state.ending(onlyStreams: onlyStreamsEnd))
        }
        for stream in streams { stream.finish() }
        if isNew { log.info("store reached", metadata: ["way": "\(way)"]) }
    }

    /// Whether the store answers that way, and not from what one node remembers.
    private func reaches(_ client: GRPCClient<Transport>) async -> Bool {
        var options = EtcdConnection.options
        options.timeout = Limits.upstreamLook
        let kv = Etcdserverpb_KV.Client(wrapping: client)
        let key = store.identity.store.keys.epoch
        let reply = try? await kv.range(
            .with {
                $0.key = Data(key.utf8)
                $0.keysOnly = true
            }, options: options)
        return reply != nil
    }
}

extension Upstream.Way: CustomStringConvertible {
    var description: String {
        switch self {
        case .own: "gd2-etcd of this node"
        case .endpoint(let url): url
        case .through(let peer): "peer \(peer)"
        }
    }
}
