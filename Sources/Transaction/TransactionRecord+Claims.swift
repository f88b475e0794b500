public import GlusterModel

extension TransactionRecord {
    /// Another transaction of `unfinished` that has to do with a brick of step `number`; its
    /// marks would be mistaken for what was there before. Whoever asks has journalled before, so of
    /// two that ask one at least sees the other.
    public func rival(
        of number: Int, among unfinished: [TransactionRecord]
    ) -> (transaction: TransactionRecord, path: BrickPath)? {
        guard steps.indices.contains(number) else { return nil }
        let own = steps[number]
        for other in unfinished where other.id != id {
            let theirs = other.stepsLeft.filter { $0.peer == own.peer }
                .flatMap(\.arguments.bricks).map(\.path)
            for brick in own.arguments.bricks {
                let isTouched = theirs.contains {
                    $0.contains(brick.path) || brick.path.contains($0)
                }
                if isTouched { return (other, brick.path) }
            }
        }
        return nil
    }

    /// Those that are done and never undone, or undone and never done again, leave their bricks to
    /// others, though a node that is away keeps the transaction from its end.
    private var stepsLeft: ArraySlice<Step> {
        switch phase {
        case .running: steps[...]
        case .undoing(let step, _): steps.prefix(max(0, step + 1))
        case .committed(let step): steps.dropFirst(step)
        }
    }
}
