/// Which keys the last views of a mirror changed, so that whoever has read one of them reads only
/// what is new in the next.
struct RecentChanges: Sendable {
    private struct Step: Sendable {
        var number: UInt64
        var keys: [String]
    }

    /// The numbers of neighbours differ by one.
    private var steps: [Step] = []

    mutating func add(_ keys: [String], number: UInt64) {
        if steps.count >= Limits.recentChanges { steps.removeFirst(steps.count / 2) }
        steps.append(Step(number: number, keys: keys))
    }

    /// After a list anew everything may be another.
    mutating func forget() { steps = [] }

    /// The keys that views after number `after` up to number `to` have changed; nil: not known.
    func keys(after: UInt64, to: UInt64) -> [String]? {
        // A view that no mirror has told has no number.
        guard after < to else { return after == to && to > 0 ? [] : nil }
        guard let first = steps.first, let last = steps.last, first.number <= after + 1,
            last.number >= to
        else { return nil }
        return steps.filter { $0.number > after && $0.number <= to }.flatMap(\.keys)
    }
}
