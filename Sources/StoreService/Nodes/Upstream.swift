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
        /// Of the store at its end, as the last look found it.
        var epoch = Epoch(0)
        /// Whether ``answers`` is of this run.
        var hasLooked = false
        /// Ways at whose end a store has nothing of the cluster, which was in it.
        var emptied: Set<Way> = []
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
        try checkEpoch()
        guard answers || !hasLooked else {
            let status = store.status
            // Its own look is older.
            let message = status.available ? "no answer at the last look" : status.message
            throw RPCError(code: .unavailable, message: message)
        }
    }

    /// Throws UNAVAILABLE while the way leads to a store of an epoch before this node's: after a
    /// recovery elsewhere the old voters may still answer, for what was undone.
    func checkEpoch() throws {
        let (hasLooked, found, isEmptied) = state.withLock {
            ($0.hasLooked, $0.epoch, $0.emptied.contains($0.way))
        }
        guard !isEmptied else {
            throw RPCError(code: .unavailable, message: store.identity.emptied)
        }
        let wanted = store.identity.epoch
        guard !hasLooked || found >= wanted else {
            throw RPCError(
                code: .unavailable,
                message: "the store of epoch \(wanted) is looked for: only that of epoch \(found) "
                    + "was found")
        }
    }

    /// As ``checkEpoch()``, after the first look of this run.
    func checkLooked() async throws {
        await lookFirst()
        try checkEpoch()
    }

    /// Who is first in this run must not be shown a store that has lost everything.
    private func lookFirst() async {
        if !hasLooked, store.identity.expectsStore { await look() }
    }

    /// Throws where the store that answers, with `epoch` or none, has lost the cluster.
    func check(found epoch: Data?) throws {
        guard epoch == nil, store.identity.expectsStore else { return }
        state.withLock { _ = $0.emptied.insert($0.way) }
        try checkEpoch()
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
        await lookFirst()
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
            if await reaches(client, way) != nil { return true }
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
            (state.way, state.client, state.epoch) = (found.way, found.client, found.epoch)
            state.ownTriedAt = .now
        }
        log.info("store reached", metadata: ["way": "\(found.way)"])
        try? await Task.sleep(for: Limits.lastAnswers)
    }

    /// Looks whether the present way leads to the store, and takes another if not.
    func look() async {
        let (way, client, triedAt) = state.withLock { ($0.way, $0.client, $0.ownTriedAt) }
        let hasOwn = await runsMember()
        let ownIsDue = triedAt.map { .now - $0 > Limits.ownEtcdEvery } ?? true
        if !way.isDirect, hasOwn, ownIsDue {
            state.withLock { $0.ownTriedAt = .now }
            // Calls that are under way on the other one end there.
            if let found = await first(of: direct) {
                return take(found, after: way, onlyStreamsEnd: true)
            }
        }
        if !way.isDirect || hasOwn, let epoch = await reaches(client, way) {
            return take(Found(way: way, client: client, epoch: epoch), after: way)
        }
        await findAnother(than: way, hasOwn: hasOwn)
    }

    private func findAnother(than way: Way, hasOwn: Bool) async {
        var candidates: [(Way, GRPCClient<Transport>)] = []
        if hasOwn { candidates += direct.filter { $0.0 != way } }
        // The present way too: its connection may have been replaced.
        candidates += throughOthers
        if let found = await first(of: candidates) { return take(found, after: way) }
        let (isNews, streams) = state.withLock { state in
            guard state.way == way else { return (false, [AsyncStream<Void>.Continuation]()) }
            let was = state.answers
            (state.answers, state.hasLooked) = (false, true)
            // An etcd that is alone waits for its disk, and answers yet; one of several may have
            // given a call to a leader that is gone, and would say so late.
            return (was, state.ending(onlyStreams: peers.otherVoters.isEmpty))
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

    /// A way at whose end the store is.
    private struct Found {
        var way: Way
        var client: GRPCClient<Transport>
        var epoch: Epoch
    }

    /// The one that answers first.
    private func first(of candidates: [(Way, GRPCClient<Transport>)]) async -> Found? {
        await withTaskGroup(of: Found?.self) { group in
            for (way, client) in candidates {
                group.addTask {
                    await self.reaches(client, way).map {
                        Found(way: way, client: client, epoch: $0)
                    }
                }
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
    private func take(_ found: Found, after last: Way, onlyStreamsEnd: Bool = false) {
        let way = found.way
        let (isNew, streams) = state.withLock { state in
            guard state.way == last else { return (false, [AsyncStream<Void>.Continuation]()) }
            let isNew = state.way != way || !state.answers
            (state.answers, state.hasLooked) = (true, true)
            (state.client, state.epoch) = (found.client, found.epoch)
            guard state.way != way else { return (isNew, [AsyncStream<Void>.Continuation]()) }
            state.way = way
            return (isNew, state.ending(onlyStreams: onlyStreamsEnd))
        }
        for stream in streams { stream.finish() }
        if isNew { log.info("store reached", metadata: ["way": "\(way)"]) }
    }

    /// The epoch of the store that answers that way, and not from what one node remembers; nil
    /// when none does, or one of an epoch before this node's.
    private func reaches(_ client: GRPCClient<Transport>, _ way: Way) async -> Epoch? {
        var options = EtcdConnection.options
        options.timeout = Limits.upstreamLook
        let kv = Etcdserverpb_KV.Client(wrapping: client)
        let key = store.identity.store.keys.epoch
        let reply = try? await kv.range(.with { $0.key = Data(key.utf8) }, options: options)
        guard let reply else { return nil }
        let isEmptied = reply.kvs.isEmpty && store.identity.expectsStore
        state.withLock { state in
            if isEmptied {
                _ = state.emptied.insert(way)
            } else {
                _ = state.emptied.remove(way)
            }
        }
        let stored = reply.kvs.first.flatMap { value in
            try? RecordCoding.decode(StoredEpoch.self, from: Array(value.value)).epoch
        }
        return store.identity.epoch(ofStoreSaying: stored, isDirect: way.isDirect)
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
