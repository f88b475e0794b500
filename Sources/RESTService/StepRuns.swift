import BrickAPI
import GD2Error
import GlusterModel
import Transaction

/// Since when the node of a step that only cleans up does not do it.
struct CleanUpPatience {
    private var step = -1
    private var began = ContinuousClock.now

    /// Whether `step` has failed for so long that its node is left alone with it.
    mutating func isOver(_ step: Int) -> Bool {
        if step != self.step { (self.step, began) = (step, .now) }
        return ContinuousClock.now - began >= Limits.cleanUpPatience
    }
}

/// Steps on their nodes; one that only cleans up is left to a node that is away.
extension TransactionRunner {
    func run(
        _ number: Int, isUndo: Bool, _ record: TransactionRecord, journaled: Int64,
        _ patience: inout CleanUpPatience, _ lastCause: inout String
    ) async -> TransactionEvent {
        let step = record.steps[number]
        let isCleaning = isUndo || step.isAfterCommit
        // Before the first try, so that what it takes counts.
        if isCleaning { _ = patience.isOver(number) }
        guard
            let failure = await failure(of: number, isUndo: isUndo, record, journaled: journaled)
        else {
            return isUndo ? .undone(step: number) : .stepDone(step: number)
        }
        let cause = Self.join(failure.code, failure.message, step: number)
        if isCleaning {
            let isSilent = [.unavailable, .timedOut].contains(failure.code)
            var isAway = isSilent && patience.isOver(number)
            if !isAway { isAway = await bricks.isAway(step.peer) }
            if isAway {
                lastCause = cause
                return .nodeAway(step: number)
            }
        }
        return isUndo
            ? .undoFailed(step: number, cause: cause) : .stepFailed(step: number, cause: cause)
    }

    /// All at once; each ends by itself, also where another fails.
    func runTogether(
        _ numbers: Range<Int>, _ record: TransactionRecord, journaled: Int64
    ) async -> TransactionEvent {
        let failures = await withTaskGroup(of: (Int, GD2Error?).self) { group in
            for number in numbers {
                group.addTask {
                    let failure = await self.failure(
                        of: number, isUndo: false, record, journaled: journaled)
                    return (number, failure)
                }
            }
            return await group.reduce(into: [Int: GD2Error]()) { $0[$1.0] = $1.1 }
        }
        guard let (number, failure) = failures.min(by: { $0.key < $1.key }) else { return .allDone }
        return .stepFailed(
            step: number, cause: Self.join(failure.code, failure.message, step: number))
    }

    /// Runs it; nil when it is done.
    private func failure(
        of number: Int, isUndo: Bool, _ record: TransactionRecord, journaled: Int64
    ) async -> GD2Error? {
        let command = StepCommand(
            transaction: record.id, step: number, isUndo: isUndo, fence: record.fence,
            journaled: journaled)
        do {
            try await bricks.run(command, on: record.steps[number].peer)
            pass(isUndo ? "rest-undone" : "rest-step-done")
            return nil
        } catch { return Self.failure(error) }
    }
}
