public import GlusterModel

/// What happened to a transaction.
public enum TransactionEvent: Hashable, Sendable {
    /// The journal's record, as the last effect wanted it, is in the store.
    case journaled
    case stepDone(step: Int)
    /// Those that were to run together are done.
    case allDone
    /// Of those that ran together it is the first that failed; all have answered.
    case stepFailed(step: Int, cause: String)
    case undone(step: Int)
    /// It is tried again by the next ``resume``.
    case undoFailed(step: Int, cause: String)
    /// The node of an undo, or of a step after the commit, is away: it cleans up by itself later.
    case nodeAway(step: Int)
    case committed
    /// Somebody wants it undone; instead of the end of the steps or the commit, not begun then.
    case cancelled(cause: String)
    /// The commit's conditions did not hold: nothing was changed.
    case commitRefused(cause: String)
    /// After a pause. When a write's end is unknown (time-out), make a new engine of the record
    /// as the store has it instead: the commit may have happened.
    case resume
}

/// What the shell has to do next; each ends in one event.
public enum TransactionEffect: Hashable, Sendable {
    /// Put the record, comparing the lock's create revision.
    case journal(TransactionRecord)
    case run(step: Int)
    /// All at once: they are of different nodes.
    case runTogether(steps: Range<Int>)
    case undo(step: Int)
    /// As `journal`, together with the ``Leftover`` of this step.
    case handOver(Leftover, TransactionRecord)
    /// One Txn: the change itself together with this record, comparing the lock.
    case commit(TransactionRecord)
    /// Remove journal and lock together: all is done or undone.
    case finish(Outcome)
    /// Nothing can be done now; resume after a pause.
    case retryLater(cause: String)
}

public enum Outcome: Hashable, Sendable {
    case committed
    case undone(cause: String)
}

/// The decisions of a coordinator, without I/O: record + event → record + effects.
///
///     running(all) → commit → committed(n) → … → finish
///        └── a step or the commit failed → undoing(n) → … → undoing(0) → finish
///
/// Steps run together, those after the commit too; where one of the latter fails, it and those
/// behind it are repeated one by one.
///
/// An undo, or a step after the commit, whose node is away is left to that node: nobody waits for
/// the dead.
///
/// A step's phase is journalled before the step is begun; before the commit and the finish, which
/// write the journal themselves, that is left out, since each write is one of etcd's. A new owner
/// continues a committed transaction and undoes any other, since its client is gone.
public struct TransactionEngine: Hashable, Sendable {
    public private(set) var record: TransactionRecord
    /// Whether the journal was asked and did not answer yet.
    private var isJournaling = false
    /// Whether steps after the commit are still to be tried all at once.
    private var isTogether = true

    public init(_ record: TransactionRecord) { self.record = record }

    /// The cause of an undo by a new owner.
    public static let coordinatorDied = "its coordinator died"

    /// Steps before the commit.
    private var stepsBeforeCommit: Int { record.steps.prefix { !$0.isAfterCommit }.count }

    /// The first effect of a new transaction: its record, before anything runs.
    public mutating func begin() -> [TransactionEffect] {
        advance(.running(step: max(0, stepsBeforeCommit - 1)))
    }

    /// The first write took the lock too, by `fence`.
    public mutating func locked(by fence: FencingToken) { record.fence = fence }

    /// The first effect of a new owner, who holds the lock by `fence`; `cause` is why what is not
    /// committed is undone.
    public mutating func takeOver(
        by owner: IncarnationID, fence: FencingToken, cause: String = coordinatorDied
    ) -> [TransactionEffect] {
        record.owner = owner
        record.fence = fence
        switch record.phase {
        case .running(let step):
            return enter(.undoing(step: step, cause: cause))
        case .undoing, .committed: return enter(record.phase)
        }
    }

    public mutating func next(on event: TransactionEvent) -> [TransactionEffect] {
        switch (record.phase, event) {
        case (_, .journaled):
            guard isJournaling else { return [] }
            isJournaling = false
            return act()
        case (_, .resume): return enter(record.phase)
        case (.running, .allDone): return advance(.running(step: stepsBeforeCommit))
        case (.running(let step), .stepFailed(_, let cause)):
            return enter(.undoing(step: step, cause: cause))
        case (.running(let step), .cancelled(let cause)):
            return enter(.undoing(step: step < stepsBeforeCommit ? -1 : step - 1, cause: cause))
        case (.running, .commitRefused(let cause)):
            return enter(.undoing(step: stepsBeforeCommit - 1, cause: cause))
        case (.running, .committed):
            record.phase = .committed(step: stepsBeforeCommit)
            return act()
        case (.undoing(let step, let cause), .undone(let done)) where done == step:
            return enter(.undoing(step: step - 1, cause: cause))
        case (.undoing(let step, _), .undoFailed(let failed, let cause)) where failed == step:
            return [.retryLater(cause: cause)]
        case (.committed(let step), .stepDone(let done)) where done == step:
            return advance(.committed(step: step + 1))
        case (.committed, .allDone): return advance(.committed(step: record.steps.count))
        case (.committed(let step), .stepFailed(let failed, _)) where isTogether:
            isTogether = false
            return enter(.committed(step: max(step, failed)))
        case (.committed(let step), .stepFailed(let failed, let cause)) where failed == step:
            return [.retryLater(cause: cause)]
        case (.undoing(let step, let cause), .nodeAway(let away)) where away == step:
            return handOver(step, then: .undoing(step: step - 1, cause: cause))
        case (.committed(let step), .nodeAway(let away)) where away == step:
            return handOver(step, then: .committed(step: step + 1))
        case (.running, _), (.undoing, _), (.committed, _): return []
        }
    }

    /// Journals a phase only where a step follows: whoever takes over at the phase before undoes or
    /// repeats one step more, which every step allows.
    private mutating func advance(_ phase: Phase) -> [TransactionEffect] {
        switch phase {
        case .running(let step) where step >= stepsBeforeCommit: break
        case .committed(let step) where step >= record.steps.count: break
        case .running, .committed, .undoing: return enter(phase)
        }
        record.phase = phase
        return act()
    }

    private mutating func enter(_ phase: Phase) -> [TransactionEffect] {
        switch phase {
        case .undoing(let step, let cause):
            // A commit that was refused or not reached has nothing of its own to undo.
            record.phase = .undoing(step: min(step, stepsBeforeCommit - 1), cause: cause)
        case .running, .committed: record.phase = phase
        }
        isJournaling = true
        return [.journal(record)]
    }

    /// Nobody else knows of the step from here on, so this is journalled also where none follows.
    private mutating func handOver(_ step: Int, then phase: Phase) -> [TransactionEffect] {
        guard let left = Leftover(of: record, step: step) else { return enter(record.phase) }
        record.phase = phase
        isJournaling = true
        return [.handOver(left, record)]
    }

    /// What the present phase, now journalled, wants.
    private func act() -> [TransactionEffect] {
        switch record.phase {
        case .running(let step) where step < stepsBeforeCommit:
            return [.runTogether(steps: 0..<step + 1)]
        case .running:
            var committed = record
            committed.phase = .committed(step: stepsBeforeCommit)
            return [.commit(committed)]
        case .undoing(let step, let cause):
            return step >= 0 ? [.undo(step: step)] : [.finish(.undone(cause: cause))]
        case .committed(let step) where step < record.steps.count:
            return isTogether
                ? [.runTogether(steps: step..<record.steps.count)] : [.run(step: step)]
        case .committed: return [.finish(.committed)]
        }
    }
}
