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
        _ number: Int, isUndo: Bool, _ record: TransactionRecord,
        _ patience: inout CleanUpPatience, _ lastCause: inout String
    ) async -> TransactionEvent {
        let command = StepCommand(
            transaction: record.id, step: number, isUndo: isUndo, fence: record.fence)
        let step = record.steps[number]
        let isCleaning = isUndo || step.isAfterCommit
        let failure: GD2Error
        do {
            // Before the first try, so that what it takes counts.
            if isCleaning { _ = patience.isOver(number) }
            try await bricks.run(command, on: step.peer)
            return isUndo ? .undone(step: number) : .stepDone(step: number)
        } catch { failure = Self.failure(error) }
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
}
