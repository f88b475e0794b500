import GlusterModel
import Transaction

/// Carries out what the real engine of a transaction decides.
final class Coordinator {
    struct Commit {
        var conditions: [Condition]
        var writes: [Write]
        var deletes: VolumeID?
    }

    private static let stepTimeout = Duration.seconds(40)
    private static let patience = Duration.seconds(10)
    private static let storeTries = 10
    private let rest: Rest
    private var engine: TransactionEngine
    private var lock: HeldLock
    private let commit: Commit?
    /// Whether the change was made, as its client is told; called once.
    private let done: (Bool) -> Void
    private var effects: [TransactionEffect] = []
    /// Of the journal as it was written last; 0: never.
    private var revision: Int64
    private var hasEnded = false
    private var pauseMs = 500
    /// The step that only cleans up and fails, and since when.
    private var failing: (step: Int, since: Duration)?
    private var world: World { rest.world }

    init(
        _ rest: Rest, _ engine: TransactionEngine, _ lock: HeldLock, _ commit: Commit?,
        journaled: Int64, _ done: @escaping (Bool) -> Void
    ) {
        self.rest = rest
        self.engine = engine
        self.lock = lock
        self.commit = commit
        revision = journaled
        self.done = done
    }

    private var id: TransactionID { engine.record.id }
    private var journalKey: String { Keys.transaction(id) }

    func begin(_ first: [TransactionEffect]) {
        rest.running.insert(id)
        trace("begins \(engine.record.operation) of \(engine.record.lock) by \(lock.fence.token)")
        effects = first
        goOn()
    }

    private func trace(_ line: @autoclosure () -> String) {
        world.trace("node \(rest.node.index) txn \(short): \(line())")
    }

    private var short: String { String(id.description.prefix(4)) }

    private func goOn() {
        guard let effect = effects.first else {
            rest.running.remove(id)
            return
        }
        effects.removeFirst()
        switch effect {
        case .journal(let record): journal(record, nil, tries: Self.storeTries)
        case .handOver(let left, let record): journal(record, left, tries: Self.storeTries)
        case .run(let step): run(step, isUndo: false)
        case .runTogether(let steps): runTogether(steps)
        case .undo(let step): run(step, isUndo: true)
        case .commit(let record): commit(record)
        case .retryLater:
            world.after(.milliseconds(pauseMs), in: rest.run) { [self] in take(.resume) }
            pauseMs = min(pauseMs * 2, 30_000)
        case .finish(let outcome): finish(outcome, tries: Self.storeTries)
        }
    }

    private func take(_ event: TransactionEvent) {
        trace("\(event)")
        effects += engine.next(on: event)
        goOn()
    }

    /// Whoever finds the journal next goes on from there.
    private func leave() {
        trace("is left to the next")
        rest.running.remove(id)
        done(false)
        // Without a journal nobody finds the lock.
        if revision == 0, commit != nil, lock.taking == nil { rest.abandon(lock.object, id) }
    }

    /// The lock is ours, and the journal is as we wrote it.
    private var conditions: [Condition] {
        if world.mutations.contains(.noLockCompare) { return [] }
        return [lock.condition, .modified(journalKey, revision)] + firstConditions
    }

    /// A write that takes the lock must not begin anew what has ended, however late it comes.
    private var firstConditions: [Condition] {
        guard lock.taking != nil, !world.mutations.contains(.lateBeginning) else { return [] }
        return [.created(Keys.job(id), 0)] + (commit?.conditions ?? [])
    }

    /// What goes with the first write.
    private var taking: [Write] { lock.taking.map { [$0, .put(Keys.job(id), .job)] } ?? [] }

    private func written(at revision: Int64) {
        self.revision = revision
        lock.taken(at: revision)
        if engine.record.fence.token == 0 { engine.locked(by: lock.fence) }
    }

    private func journal(_ record: TransactionRecord, _ left: Leftover?, tries: Int) {
        let conditions =
            world.mutations.contains(.blindJournal) ? [lock.condition] : conditions
        var writes: [Write] = [.put(journalKey, .journal(record))] + taking
        if let left, !world.mutations.contains(.leftForgotten) {
            writes.append(.put(Keys.leftover(left), .left(left)))
        }
        rest.store.txn(if: conditions, then: writes) { [self] written in
            guard let written else {
                guard tries > 1 else { return leave() }
                return world.after(.milliseconds(500), in: rest.run) { [self] in
                    journal(record, left, tries: tries - 1)
                }
            }
            guard written.succeeded else { return lookWhetherWritten(record) }
            self.written(at: written.revision)
            take(.journaled)
        }
    }

    /// A try before may have gone well though its answer was lost.
    private func lookWhetherWritten(_ record: TransactionRecord) {
        rest.store.get(journalKey) { [self] answer in
            guard let entry = answer?.entry, entry.value == .journal(record) else {
                return leave()
            }
            written(at: entry.modified)
            take(.journaled)
        }
    }

    private func runTogether(_ steps: Range<Int>) {
        var waited = steps.count
        var failed: [Int] = []
        for step in steps {
            call(step, isUndo: false) { [self] isDone in
                if isDone != true { failed.append(step) }
                waited -= 1
                guard waited == 0 else { return }
                take(failed.min().map { .stepFailed(step: $0, cause: "it failed") } ?? .allDone)
            }
        }
    }

    private func run(_ step: Int, isUndo: Bool) {
        if failing?.step != step { failing = (step, world.now) }
        call(step, isUndo: isUndo) { [self] isDone in stepEnded(step, isUndo: isUndo, isDone) }
    }

    /// `completion` gets nil where no answer came.
    private func call(_ step: Int, isUndo: Bool, _ completion: @escaping (Bool?) -> Void) {
        let request = StepRequest(
            transaction: id, step: step, isUndo: isUndo, fence: engine.record.fence)
        let node = node(of: step)
        var isOver = false
        let end = { (isDone: Bool?) in
            guard !isOver else { return }
            isOver = true
            completion(isDone)
        }
        giveUpWhenAway(node, wasAway: false, while: { !isOver }, { end(nil) })
        world.call(
            from: rest.run, to: node.index, timeout: Self.stepTimeout,
            find: { node.brickd.map { ($0, $0.run) } },
            handle: { brickd, reply in brickd.carryOut(request, reply) }, completion: end)
    }

    private func node(of step: Int) -> Node {
        world.nodes[Int(engine.record.steps[step].peer.low) - 1]
    }

    private func stepEnded(_ step: Int, isUndo: Bool, _ isDone: Bool?) {
        let node = node(of: step)
        let isCleaning = isUndo || engine.record.steps[step].isAfterCommit
        let isImpatient =
            isDone == nil && world.now - (failing?.since ?? world.now) > Self.patience
        switch (isDone == true, isUndo) {
        case (true, false): take(.stepDone(step: step))
        case (true, true): take(.undone(step: step))
        // Nobody waits long for a node that does not answer.
        case (false, _) where isCleaning && (isImpatient || isAway(node)): leaveTo(node, step)
        case (false, false): take(.stepFailed(step: step, cause: "it failed"))
        case (false, true): take(.undoFailed(step: step, cause: "it failed"))
        }
    }

    private func leaveTo(_ node: Node, _ step: Int) {
        if world.mutations.contains(.deadAwaited) {
            return take(.undoFailed(step: step, cause: "it is away"))
        }
        trace("leaves step \(step) to node \(node.index)")
        world.history.leftCount += 1
        take(.nodeAway(step: step))
    }

    /// As gd2-store's probes find it.
    private func isAway(_ node: Node) -> Bool {
        node !== rest.node
            && (!node.isUp || node.pausedUntil > world.now
                || !world.network.talk(node.index, rest.node.index))
    }

    private func giveUpWhenAway(
        _ node: Node, wasAway: Bool, while goesOn: @escaping () -> Bool,
        _ giveUp: @escaping () -> Void
    ) {
        world.after(.seconds(1), in: rest.run) { [self] in
            guard goesOn() else { return }
            let isAway = isAway(node)
            if isAway, wasAway { return giveUp() }
            giveUpWhenAway(node, wasAway: isAway, while: goesOn, giveUp)
        }
    }

    private func commit(_ record: TransactionRecord) {
        guard let commit else { return take(.commitRefused(cause: "its coordinator died")) }
        let endsNow = record.phase == .committed(step: record.steps.count)
        let writes =
            commit.writes
            + (endsNow
                ? [.delete(journalKey), .delete(lock.key)]
                : [.put(journalKey, .journal(record))] + taking)
        rest.store.txn(
            if: commit.conditions + conditions, then: writes,
            end: .committed(id, deletes: commit.deletes)
        ) { [self] written in
            guard let written else { return leave() }
            guard written.succeeded else {
                if lock.taking != nil { return leave() }
                return take(.commitRefused(cause: "the volume was changed meanwhile"))
            }
            hasEnded = endsNow
            self.written(at: written.revision)
            take(.committed)
        }
    }

    private func finish(_ outcome: Outcome, tries: Int) {
        guard !hasEnded else { return end(outcome) }
        let history: History.End =
            if case .committed = outcome { .finished(id) } else { .undone(id) }
        rest.store.txn(
            if: conditions, then: [.delete(journalKey), .delete(lock.key)], end: history
        ) { [self] written in
            if written?.succeeded == true { return end(outcome) }
            if written != nil { return lookWhetherEnded(outcome) }
            guard tries > 1 else { return leave() }
            world.after(.milliseconds(500), in: rest.run) { [self] in
                finish(outcome, tries: tries - 1)
            }
        }
    }

    private func lookWhetherEnded(_ outcome: Outcome) {
        rest.store.get(journalKey) { [self] answer in
            guard let answer, answer.entry == nil else { return leave() }
            end(outcome)
        }
    }

    private func end(_ outcome: Outcome) {
        trace("ended: \(outcome)")
        rest.running.remove(id)
        done(outcome == .committed)
    }
}
