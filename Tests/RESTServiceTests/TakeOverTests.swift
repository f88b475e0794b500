import BrickAPI
import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror
import StoreSchema
import StoreTesting
import Synchronization
import Testing
import Transaction

@testable import RESTService

/// A coordinator dies at each place of a transaction; two others see the same leftovers at once.
@Suite struct TakeOverTests {
    enum Change: String, Sendable, CaseIterable {
        case create, delete
        /// A creation that a node refuses.
        case fail
    }

    private static let places: [(Change, String)] =
        [
            "rest-journal", "rest-step", "rest-step-done", "rest-commit", "rest-prepared",
            "rest-committed", "rest-finish",
        ]
        .map { (.create, $0) }
        // The journal of a deletion is written by its commit.
        + [
            "rest-commit", "rest-prepared", "rest-committed", "rest-step", "rest-step-done",
            "rest-finish",
        ]
        .map { (.delete, $0) }
        + [
            "rest-journal", "rest-step", "rest-step-done", "rest-undo", "rest-undone",
            "rest-finish",
        ]
        .map { (.fail, $0) }

    @Test(arguments: places)
    func whatADeadCoordinatorLeftEndsOnce(change: Change, point: String) async throws {
        try await Self.die(change, at: point, schema: SuiteBuild.current.newest)
    }

    /// As while there are older nodes: the lock is taken in a write of its own.
    @Test(arguments: [(Change.create, "rest-journal"), (.delete, "rest-commit")])
    func aLockThatWasTakenFirstIsLeftToNobody(change: Change, point: String) async throws {
        try await Self.die(change, at: point, schema: 1)
    }

    private static func die(_ change: Change, at point: String, schema: Int) async throws {
        try await SharedCluster.with(schema: schema) { cluster, group in
            let other = try Coordinator(2, cluster.store, cluster.nodes, folder: cluster.folder)
            let third = try Coordinator(3, cluster.store, cluster.nodes, folder: cluster.folder)
            for survivor in [other, third] { group.addTask { try await survivor.run() } }
            if change == .delete { try await other.create("gv0") }
            if change == .fail {
                cluster.nodes.marks.withLock { _ = $0.broken.insert(Coordinator.peer(2)) }
            }
            let first = try Coordinator(
                1, cluster.store, cluster.nodes, folder: cluster.folder, dyingAt: point)
            group.addTask { try await first.run() }
            let lease = try await Self.lease(of: first, cluster)
            cluster.nodes.marks.withLock { $0.tokens = [] }

            group.addTask {
                switch change {
                case .create, .fail: try? await first.create("gv0")
                case .delete: try? await first.volumes.delete("gv0", Asked(by: "test"))
                }
            }
            #expect(try await cluster.until { first.store.isCut }, "\(point) was not reached")
            // Steps that it had begun have ended when its lease does.
            await cluster.store.expireLease(lease)
            #expect(
                try await cluster.until {
                    let journals = try await cluster.count(cluster.keys.transactions)
                    let locks = try await cluster.count(cluster.keys.locks)
                    let haveEnded = try await cluster.jobs().allSatisfy(\.state.hasEnded)
                    return journals == 0 && locks == 0 && haveEnded
                }, "journal, lock or job is left")

            // It comes back and finds its transaction gone.
            first.store.isCut = false
            try await Self.checkWhole(cluster, change)
            #expect(cluster.ends.most <= 1)
            // The dead one's token, and that of the one that took over.
            #expect(cluster.nodes.marks.withLock { $0.tokens.count } <= 2)
        }
    }

    /// Holds one step until all jobs have ended, as a coordinator that is stopped does.
    private final class Pause: Sendable {
        struct State {
            var isArmed = false
            var isReached = false
        }
        let state = Mutex(State())
        let ended = Mutex(false)

        func pass(_ command: StepCommand) async throws {
            let isMine = state.withLock { state in
                guard state.isArmed, !state.isReached else { return false }
                state.isReached = true
                return true
            }
            while isMine, !ended.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Its step, or the undo, meets no journal then: that says nothing of what became of it.
    @Test(arguments: Change.allCases)
    func aCoordinatorThatWasStoppedTellsTheTrueEnd(change: Change) async throws {
        let pause = Pause()
        try await SharedCluster.with(before: pause.pass) { cluster, group in
            let first = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            let other = try Coordinator(2, cluster.store, cluster.nodes, folder: cluster.folder)
            for node in [first, other] { group.addTask { try await node.run() } }
            let lease = try await Self.lease(of: first, cluster)
            if change == .delete { try await first.create("gv0") }
            if change == .fail {
                cluster.nodes.marks.withLock { _ = $0.broken.insert(Coordinator.peer(1)) }
            }
            pause.state.withLock { $0.isArmed = true }
            group.addTask {
                guard try await cluster.until({ pause.state.withLock { $0.isReached } }) else {
                    return
                }
                await cluster.store.expireLease(lease)
                _ = try await cluster.until {
                    let journals = try await cluster.count(cluster.keys.transactions)
                    let jobs = try await cluster.jobs()
                    return journals == 0 && jobs.allSatisfy(\.state.hasEnded)
                }
                pause.ended.withLock { $0 = true }
            }
            if change == .delete {
                try await first.volumes.delete("gv0", Asked(by: "test"))
                #expect(try await cluster.count(cluster.keys.volumeNames) == 0)
            } else {
                let error = await #expect(throws: GD2Error.self) { try await first.create("gv0") }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("is undone") == true, "\(error?.message ?? "")")
            }
        }
    }

    private static func lease(of node: Coordinator, _ cluster: SharedCluster) async throws -> Int64
    {
        let id = try await node.session.require().id
        let value = try #require(try await cluster.store.get(cluster.keys.session(id)))
        #expect(try await cluster.until { node.mirror.view.freshness == .current })
        return value.lease
    }

    /// The volume is there with all its bricks, or nothing of it is.
    private static func checkWhole(_ cluster: SharedCluster, _ change: Change) async throws {
        let names = try await cluster.count(cluster.keys.volumeNames)
        let volumes = try await cluster.count(cluster.keys.volumes)
        #expect(cluster.nodes.prepared.count == 2 * names)
        #expect((volumes == 0) == (names == 0))
        if change == .fail { #expect(names == 0) }
        for job in try await cluster.jobs() where job.operation == "create-volume" {
            if change != .delete { #expect((job.state == .done) == (names == 1)) }
        }
        for job in try await cluster.jobs() where job.operation == "delete-volume" {
            #expect((job.state == .done) == (names == 0))
        }
    }

    /// Also when the one that was to undo it died first.
    @Test func aCancelledJobIsCancelledByWhoTakesItOver() async throws {
        try await SharedCluster.with { cluster, group in
            let first = try Coordinator(
                1, cluster.store, cluster.nodes, folder: cluster.folder, dyingAt: "rest-step")
            let other = try Coordinator(2, cluster.store, cluster.nodes, folder: cluster.folder)
            for node in [first, other] { group.addTask { try await node.run() } }
            let lease = try await Self.lease(of: first, cluster)
            group.addTask { try? await first.create("gv0") }
            #expect(try await cluster.until { first.store.isCut })
            let job = try #require(try await cluster.jobs().first)
            let cancel = CancelRecord(by: "somebody")
            _ = try await cluster.store.txn(
                if: [],
                then: [
                    .put(
                        key: cluster.keys.jobCancel(job.id), value: try RecordCoding.encode(cancel))
                ])
            await cluster.store.expireLease(lease)
            #expect(
                try await cluster.until {
                    try await cluster.count(cluster.keys.jobCancel(job.id)) == 0
                })
            let ended = try #require(try await cluster.jobs().first)
            #expect(ended.state == .cancelled && ended.peer == Coordinator.peer(2))
            #expect(cluster.nodes.prepared.isEmpty)
        }
    }

    /// As tries that were given up, whose writes reach the store after all has ended.
    @Test func writesThatComeLateChangeNothing() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            _ = try await Self.lease(of: node, cluster)
            let first = node.store.writes.withLock(\.count)
            try await node.create("gv0")
            try await node.create("gv1")
            try await node.volumes.delete("gv1", Asked(by: "test"))
            let writes = node.store.writes.withLock { $0.dropFirst(first) }
            #expect(writes.count == 6)
            for write in writes {
                let result = try await cluster.store.txn(
                    if: write.conditions, then: write.operations)
                #expect(!result.succeeded)
            }
            #expect(try await cluster.count(cluster.keys.volumeNames) == 1)
            #expect(cluster.nodes.prepared.count == 2)
        }
    }

    @Test func aLockOfTheSameSessionIsNotTakenFromItsJob() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            let session = try await node.session.require()
            let identity = try await node.store.identity()
            let held = ObjectLock.Wish(
                object: "volume/gv0", operation: "create-volume", job: JobID(high: 1, low: 1))
            let lock = try await ObjectLock.take(
                held, session: session, identity: identity, store: node.store)
            #expect(lock?.wasHeld == false)
            let again = try await ObjectLock.take(
                held, session: session, identity: identity, store: node.store)
            #expect(again?.wasHeld == true && again?.fence == lock?.fence)
            var other = held
            other.job = JobID(high: 1, low: 2)
            await #expect(throws: GD2Error.self) {
                try await ObjectLock.take(
                    other, session: session, identity: identity, store: node.store)
            }
        }
    }

    /// The taking is on its way while another change holds the lock, and arrives after that one.
    @Test func aLockThatIsTakenLateDoesNotStay() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            let session = try await node.session.require()
            let identity = try await node.store.identity()
            let (late, other) = (TransactionID(high: 1, low: 1), JobID(high: 1, low: 2))
            var wish = ObjectLock.Wish(
                object: "volume/gv0", operation: "create-volume", job: other)
            let held = try #require(
                try await ObjectLock.take(
                    wish, session: session, identity: identity, store: node.store))
            node.runner.abandon(
                AbandonedLock(lock: nil, object: wish.object, transaction: late, release: []))
            let isLookedFor = try await cluster.until {
                node.runner.abandoned.withLock { $0.contains { $0.looks > 0 } }
            }
            #expect(isLookedFor)
            _ = try await node.store.txn(if: [held.condition], then: [.delete(key: held.key)])
            wish.job = JobID(high: late.high, low: late.low)
            _ = try await ObjectLock.take(
                wish, session: session, identity: identity, store: node.store)
            #expect(try await cluster.until { try await cluster.count(cluster.keys.locks) == 0 })
        }
    }

    @Test func aTransactionWhoseCoordinatorDiedKeepsOthersFromItsObject() async throws {
        try await SharedCluster.with { cluster, group in
            let first = try Coordinator(
                1, cluster.store, cluster.nodes, folder: cluster.folder, dyingAt: "rest-step")
            group.addTask { try await first.run() }
            let lease = try await Self.lease(of: first, cluster)
            group.addTask { try? await first.create("gv0") }
            #expect(try await cluster.until { first.store.isCut })
            let key = cluster.keys
            let journal = try #require(
                try await cluster.store.list(prefix: key.transactions).values.first)
            await cluster.store.expireLease(lease)
            // Somebody whose session owns the journal now, and who has not the lock yet.
            var record = try RecordCoding.decode(TransactionRecord.self, from: journal.value)
            let taker = IncarnationID(high: 8, low: 8)
            record.owner = taker
            _ = try await cluster.store.txn(
                if: [],
                then: [
                    .put(key: key.session(taker), value: [1]),
                    .put(key: journal.key, value: try RecordCoding.encode(record)),
                ])
            let other = try Coordinator(2, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await other.run() }
            #expect(try await cluster.until { other.mirror.view.freshness == .current })
            let error = await #expect(throws: GD2Error.self) { try await other.create("gv0") }
            #expect(error?.code == .conflict)
            #expect(error?.fields["job"] == record.job.description)
            #expect(try await cluster.count(key.locks) == 0)
        }
    }
}
