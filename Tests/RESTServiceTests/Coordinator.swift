import BrickAPI
import GD2Error
import GlusterModel
import Logging
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema
import StoreTesting
import Synchronization
import TemporaryFolder
import Testing
import Transaction
import XlatorTables

@testable import RESTService

/// A store as one node sees it, which can be cut off: as far as all others can tell, the node died.
final class CutStore: KeyValueStore {
    let store: InMemoryStore
    let peer: PeerID
    private let cut = Mutex(false)
    private let unanswered = Mutex<String?>(nil)
    /// Every write that was made, as it was asked for.
    let writes = Mutex<[(conditions: [Compare], operations: [StoreAPI.Operation])]>([])

    init(_ store: InMemoryStore, _ peer: PeerID) {
        self.store = store
        self.peer = peer
    }

    var isCut: Bool {
        get { cut.withLock { $0 } }
        set { cut.withLock { $0 = newValue } }
    }

    /// The next write of this key is made, and its answer is lost.
    func loseAnswer(toWriting key: String) { unanswered.withLock { $0 = key } }

    func check() throws {
        if isCut { throw StoreError.unavailable("this node is dead") }
    }

    func identity() async throws -> StoreIdentity {
        try check()
        var identity = try await store.identity()
        identity.peer = peer
        return identity
    }

    func list(prefix: String) async throws -> RangeResult {
        try check()
        return try await store.list(prefix: prefix)
    }

    func get(_ key: String) async throws -> KeyValue? {
        try check()
        return try await store.get(key)
    }

    func txn(
        if conditions: [Compare], then operations: [StoreAPI.Operation]
    ) async throws -> TxnResult {
        try check()
        let result = try await store.txn(if: conditions, then: operations)
        if result.succeeded { writes.withLock { $0.append((conditions, operations)) } }
        let isLost = unanswered.withLock { key in
            let isWritten = operations.contains {
                if case .put(let written, _, _) = $0 { written == key } else { false }
            }
            if isWritten { key = nil }
            return isWritten
        }
        if isLost { throw StoreError.timedOut }
        return result
    }

    func watch(
        prefixes: [String], after revision: Int64,
        _ body: @Sendable (Change) async throws -> Void
    ) async throws {
        try check()
        try await store.watch(prefixes: prefixes, after: revision) { change in
            try self.check()
            try await body(change)
        }
    }

    func grantLease(ttl: Duration) async throws -> Int64 {
        try check()
        return try await store.grantLease(ttl: ttl)
    }

    func keepAlive(lease: Int64) async throws { try await store.keepAlive(lease: lease) }
    func revokeLease(_ lease: Int64) async throws { try await store.revokeLease(lease) }
}

/// One node's gd2-rest without its HTTP, over a store that others share.
final class Coordinator: Sendable {
    let store: CutStore
    let mirror: StoreMirror
    let session: Session
    let runner: TransactionRunner
    let jobs: JobKeeper
    let volumes: VolumeChanges

    private struct Steps: StepTarget {
        let nodes: FakeNodes
        let store: CutStore

        func run(_ command: StepCommand, on peer: PeerID) async throws {
            try store.check()
            try await nodes.run(command, on: peer)
        }

        func isAway(_ peer: PeerID) async -> Bool { await nodes.isAway(peer) }
    }

    /// At `point` of a transaction the node dies.
    init(
        _ number: UInt64, _ shared: InMemoryStore, _ nodes: FakeNodes, folder: String,
        dyingAt point: String? = nil
    ) throws {
        var log = Logger(label: "test")
        log.logLevel = .critical
        let store = CutStore(shared, Self.peer(number))
        self.store = store
        mirror = StoreMirror(
            store: store, prefixes: { [$0.prefix] }, stateFile: "\(folder)/view-\(number)", log: log
        )
        session = Session(store: store, mirror: mirror, log: log)
        runner = TransactionRunner(
            store: store, mirror: mirror, session: session,
            bricks: Steps(nodes: nodes, store: store), log: log
        ) { if $0 == point { store.isCut = true } }
        jobs = JobKeeper(
            store: store, mirror: mirror, session: session, convergence: .seconds(30),
            silent: { _ in [] }, log: log)
        let table = InstalledOptionTable(
            folder: folder, cache: TableCache(path: "\(folder)/tables-\(number)"), log: log)
        let identity = StoreIdentity(
            cluster: SharedCluster.id, peer: Self.peer(number), epoch: Epoch(1))
        let calls = FakeCluster(store: shared, identity: identity)
        volumes = VolumeChanges(
            store: store, mirror: mirror,
            local: LocalStore(
                calls: calls, store: store, mirror: mirror,
                status: {
                    try store.check()
                    return try await calls.status()
                }, waits: LocalStore.Waits(read: .seconds(20), fresh: .seconds(30))),
            cluster: ClusterReader(mirror), session: session, runner: runner,
            options: table, jobs: jobs, gates: FeatureGates(store: store, build: .current))
    }

    static func peer(_ number: UInt64) -> PeerID { PeerID(high: 2, low: number) }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.mirror.run() }
            group.addTask { try await self.session.run() }
            group.addTask { try await self.runner.run() }
            group.addTask { try await self.jobs.run() }
            try await group.waitForAll()
        }
    }

    /// A volume with a brick on each of the nodes 1 and 2.
    func create(_ name: String) async throws {
        let bricks = (1...2).map {
            BrickReq(peerid: Self.peer(UInt64($0)).description, path: "/bricks/\(name)")
        }
        let request = VolCreateReq(
            name: name, subvols: [SubvolReq(type: "distribute", bricks: bricks)])
        _ = try await volumes.create(request, Asked(by: "test"))
    }
}

/// Three nodes with one store.
struct SharedCluster {
    static let id = ClusterID(high: 1, low: 1)
    let store: InMemoryStore
    let nodes: FakeNodes
    let folder: String
    let keys: StoreKeys
    let ends: Ends

    /// How often each job ended.
    final class Ends: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        func of(_ key: String) -> Int { counts.withLock { $0[key] ?? 0 } }
        var most: Int { counts.withLock { $0.values.max() ?? 0 } }

        func see(_ change: Change) {
            for value in change.puts {
                let job = try? RecordCoding.decode(JobRecord.self, from: value.value)
                guard let job, job.state.hasEnded else { continue }
                counts.withLock { $0[value.key, default: 0] += 1 }
            }
        }
    }

    /// A store in `schema`; the first has no locks that come with the journal.
    static func with(
        schema: Int = SuiteBuild.current.newest,
        before: @escaping @Sendable (StepCommand) async throws -> Void = { _ in },
        _ body: (SharedCluster, inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            let store = InMemoryStore(
                identity: StoreIdentity(
                    cluster: id, peer: Coordinator.peer(1), epoch: Epoch(1)))
            let keys = StoreKeys(cluster: id)
            let version = try RecordCoding.encode(StoredSchemaVersion(schema))
            _ = try await store.txn(if: [], then: [.put(key: keys.schemaVersion, value: version)])
            for number in 1...3 as ClosedRange<UInt64> {
                let peer = Peer(
                    id: Coordinator.peer(number), name: "n\(number)", addresses: ["n\(number)"],
                    clientAddresses: ["n\(number):24007"])
                _ = try await store.txn(
                    if: [],
                    then: [.put(key: keys.peer(peer.id), value: try RecordCoding.encode(peer))])
            }
            let cluster = SharedCluster(
                store: store, nodes: FakeNodes(store, before: before), folder: folder, keys: keys,
                ends: Ends())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await store.watch(prefixes: [keys.jobs], after: 0) { cluster.ends.see($0) }
                }
                try await body(cluster, &group)
                group.cancelAll()
                while let result = await group.nextResult() { _ = result }
            }
        }
    }

    func count(_ prefix: String) async throws -> Int {
        try await store.list(prefix: prefix).values.count
    }

    func jobs() async throws -> [JobRecord] {
        try await store.list(prefix: keys.jobs).values.map {
            try RecordCoding.decode(JobRecord.self, from: $0.value)
        }
    }

    /// Polls until `condition` holds; false after 60 s.
    func until(_ condition: () async throws -> Bool) async throws -> Bool {
        let limit = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < limit {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}
