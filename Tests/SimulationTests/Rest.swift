import GlusterModel
import Transaction

/// A lock that is held, and how its writes are fenced.
struct HeldLock {
    var object: String
    var fence: FencingToken
    /// The write that takes it, which goes with the transaction's first; nil: it is taken.
    var taking: Write?
    var key: String { Keys.lock(object) }
    var condition: Condition { .created(key, fence.token) }

    mutating func taken(at revision: Int64) {
        guard taking != nil else { return }
        fence = FencingToken(epoch: fence.epoch, token: revision)
        taking = nil
    }
}

/// gd2-rest: its session, changes that clients ask for, and transactions of the dead.
final class Rest {
    private static let sessionTTL = Duration.seconds(8)
    let run: Run
    let mirror: Mirror
    let world: World
    let node: Node
    let store: StoreClient
    private(set) var session: (id: IncarnationID, lease: Int)?
    private var isOpening = false
    /// Transactions that this run carries out.
    var running: Set<TransactionID> = []
    /// Those that are just being taken over.
    private var taking: Set<TransactionID> = []
    /// Locks under which nothing was begun, or whose taking was not answered.
    private var abandoned: [AbandonedLock] = []

    struct AbandonedLock {
        var object: String
        var transaction: TransactionID
        var looks = 0
    }

    init(world: World, node: Node) {
        self.world = world
        self.node = node
        run = Run(node: node.index)
        mirror = Mirror(world: world, run: run)
        store = StoreClient(world: world, run: run)
        world.every(200...400, in: run) { [self] in openSession() }
        world.every(1_500...2_500, in: run) { [self] in keepSession() }
        world.every(900...1_100, in: run) { [self] in
            for record in orphans() { takeOver(record) }
            dropAbandoned()
        }
    }

    // MARK: Session

    private func openSession() {
        guard session == nil, !isOpening else { return }
        isOpening = true
        store.grant(Self.sessionTTL) { [self] lease in
            guard let lease else {
                isOpening = false
                return
            }
            let id = IncarnationID(using: &world.scheduler.generator)
            let key = Keys.session(id)
            store.txn(if: [.created(key, 0)], then: [.put(key, .session, lease: lease)]) {
                [self] written in
                isOpening = false
                if written != nil { session = (id, lease) }
            }
        }
    }

    private func keepSession() {
        guard let lease = session?.lease else { return }
        store.keepAlive(lease) { [self] isKept in
            if isKept != true, session?.lease == lease { session = nil }
        }
    }

    // MARK: Locks

    private func take(
        _ object: String, for transaction: TransactionID, conditions: [Condition] = [],
        _ completion: @escaping (HeldLock?) -> Void
    ) {
        guard let session else { return completion(nil) }
        let key = Keys.lock(object)
        let holder = Stored.lock(session.id, transaction)
        store.txn(
            if: [.created(key, 0)] + conditions, then: [.put(key, holder, lease: session.lease)]
        ) { [self] written in
            guard let written else { return completion(nil) }
            if written.succeeded {
                return completion(HeldLock(object: object, fence: Self.fence(written.revision)))
            }
            store.get(key) { answer in
                guard let entry = answer?.entry, entry.value == holder
                else { return completion(nil) }
                completion(HeldLock(object: object, fence: Self.fence(entry.created)))
            }
        }
    }

    private static func fence(_ revision: Int64) -> FencingToken {
        FencingToken(epoch: Epoch(1), token: revision)
    }

    func abandon(_ object: String, _ transaction: TransactionID) {
        abandoned.append(AbandonedLock(object: object, transaction: transaction))
    }

    private func dropAbandoned() {
        let all = abandoned
        abandoned = []
        for lock in all { drop(lock) }
    }

    private func drop(_ lock: AbandonedLock) {
        let key = Keys.lock(lock.object)
        let again = { [self] in
            var lock = lock
            lock.looks += 1
            if lock.looks < 60 { abandoned.append(lock) }
        }
        store.get(key) { [self] answer in
            guard let entry = answer?.entry else { return again() }
            // Another has it meanwhile; ours may still come after that one's end.
            guard case .lock(_, let transaction) = entry.value, transaction == lock.transaction
            else { return world.mutations.contains(.lockGivenUp) ? () : again() }
            store.txn(
                if: [
                    .created(key, entry.created), .created(Keys.transaction(transaction), 0),
                ], then: [.delete(key)]
            ) { written in
                if written == nil { again() }
            }
        }
    }

    // MARK: Those whose coordinator died

    private func orphans() -> [TransactionRecord] {
        guard mirror.isCurrent else { return [] }
        return mirror.view.journals.filter { record in
            let ownerLives = mirror.view.entries[Keys.session(record.owner)] != nil
            return !running.contains(record.id) && (!ownerLives || session?.id == record.owner)
        }
    }

    private func takeOver(_ known: TransactionRecord) {
        let key = Keys.transaction(known.id)
        guard taking.insert(known.id).inserted, let entry = mirror.view.entries[key] else { return }
        // A lock that is taken late must not outlive what it was taken for.
        let isThere = Condition.created(key, entry.created)
        let conditions = world.mutations.contains(.lateTaking) ? [] : [isThere]
        take(known.lock, for: known.id, conditions: conditions) { [self] lock in
            guard let lock, let session else {
                taking.remove(known.id)
                return
            }
            store.get(key) { [self] answer in
                taking.remove(known.id)
                guard let entry = answer?.entry, case .journal(let stored) = entry.value else {
                    return store.txn(if: [lock.condition], then: [.delete(lock.key)]) { _ in }
                }
                guard !running.contains(known.id) else { return }
                var engine = TransactionEngine(stored.locked(at: entry.created))
                let first = engine.takeOver(by: session.id, fence: lock.fence)
                Coordinator(self, engine, lock, nil, journaled: entry.modified) { _ in }
                    .begin(first)
            }
        }
    }

    // MARK: Changes

    func create(_ volume: SimulatedVolume, reuse: Bool, _ done: @escaping (Bool) -> Void) {
        guard mirror.isCurrent, mirror.view.entries[Keys.name(volume.name)] == nil
        else { return done(false) }
        lockAnew(volume) { [self] lock in
            guard let lock else { return done(false) }
            let flags = BrickFlags(reuseBricks: reuse)
            let record = record(.createVolume, .prepareBricks, volume, lock, flags)
            let commit = Coordinator.Commit(
                conditions: [.created(Keys.name(volume.name), 0)],
                writes: [
                    .put(Keys.name(volume.name), .name(volume.id)),
                    .put(Keys.head(volume.id), .head(volume)),
                ])
            perform(record, lock.held, commit, done)
        }
    }

    func delete(_ volume: SimulatedVolume, _ done: @escaping (Bool) -> Void) {
        let head = Keys.head(volume.id)
        guard mirror.isCurrent, !volume.isStarted,
            let known = mirror.view.entries[head]?.modified
        else { return done(false) }
        lockAnew(volume) { [self] lock in
            guard let lock else { return done(false) }
            let record = record(.deleteVolume, .removeBricks, volume, lock, BrickFlags())
            let commit = Coordinator.Commit(
                conditions: [.modified(head, known)],
                writes: [.delete(Keys.name(volume.name)), .delete(head)],
                deletes: volume.id)
            perform(record, lock.held, commit, done)
        }
    }

    /// One write of the head.
    func setState(_ volume: SimulatedVolume, isStarted: Bool) {
        let key = Keys.head(volume.id)
        guard mirror.isCurrent, session != nil, let known = mirror.view.entries[key]?.modified
        else { return }
        var changed = volume
        changed.isStarted = isStarted
        store.txn(
            if: [.modified(key, known), .created(Keys.lock("volume/\(volume.name)"), 0)],
            then: [.put(key, .head(changed))]
        ) { _ in }
    }

    private func lockAnew(
        _ volume: SimulatedVolume, _ completion: @escaping (NewLock?) -> Void
    ) {
        let object = "volume/\(volume.name)"
        let id = TransactionID(using: &world.scheduler.generator)
        let isUnfinished = mirror.view.journals.contains { $0.lock == object }
        guard let session, !isUnfinished else { return completion(nil) }
        guard world.locksFirst else {
            let put = Write.put(
                Keys.lock(object), .lock(session.id, id), lease: session.lease)
            let held = HeldLock(object: object, fence: Self.fence(0), taking: put)
            return completion(NewLock(held: held, session: session.id, transaction: id))
        }
        take(object, for: id) { [self] lock in
            if lock == nil { abandon(object, id) }
            completion(lock.map { NewLock(held: $0, session: session.id, transaction: id) })
        }
    }

    private struct NewLock {
        var held: HeldLock
        var session: IncarnationID
        var transaction: TransactionID
    }

    private func perform(
        _ record: TransactionRecord, _ lock: HeldLock, _ commit: Coordinator.Commit,
        _ done: @escaping (Bool) -> Void
    ) {
        var engine = TransactionEngine(record)
        let first = engine.begin()
        Coordinator(self, engine, lock, commit, journaled: 0, done).begin(first)
    }

    private func record(
        _ operation: TransactionRecord.Operation, _ action: Step.Action,
        _ volume: SimulatedVolume, _ lock: NewLock, _ flags: BrickFlags
    ) -> TransactionRecord {
        let byPeer = Dictionary(grouping: volume.bricks, by: \.peer)
        let steps = byPeer.keys.sorted().map { peer in
            Step(
                action: action, peer: peer,
                arguments: BrickArguments(
                    volume: volume.id, name: volume.name, bricks: byPeer[peer] ?? [],
                    flags: flags))
        }
        return TransactionRecord(
            id: lock.transaction, owner: lock.session, lock: lock.held.object,
            fence: lock.held.fence, operation: operation, steps: steps)
    }
}
