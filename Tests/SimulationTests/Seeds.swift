/// Seeds that are run with every test.
enum Seeds {
    /// Each showed a defect once, or its like, with locks that are taken first; the story of a seed
    /// changes with the simulator.
    static let failedOnce: [(seed: UInt64, defect: String)] = [
        (2, "the undo of one create brought back the mark of another that was undone"),
        (4, "the same on another way"),
        (5, "a lock that was taken over late stayed for as long as its session"),
        (6, "the same for the lock of a new transaction"),
        (121, "after a restart of gd2-brickd a mark went from under a running process"),
        (132, "the same with a process of a volume deleted meanwhile"),
        (177, "a leader that moved was heard by fewer than the old one: the check was wrong"),
    ]
    static let others: ClosedRange<UInt64> = 1_000...1_001
    /// Where the first write of a transaction arrives twice, the second time when it has ended.
    static let begunTwice: UInt64 = 30
    /// Where a safeguard that is left out shows, and by a violation of which words.
    static let mutations: [(mutation: Mutation, seed: UInt64, sign: String)] = [
        (.noFencing, 7, "bears a mark"),
        (.undoUnfenced, 25, "bears a mark"),
        (.noRivals, 3, "bears a mark"),
        (.unsupervisedIgnored, 27, "from under process"),
        (.noLockCompare, 1, "undone twice"),
        (.lateTaking, 41, "a lock is left"),
        (.unsyncedMarks, 1, "bears a mark"),
        (.tornFences, 1, "does not end"),
        (.noAdoption, 4, "both own"),
        (.oldViewEnds, 26, "was ended by"),
        (.signInsIgnored, 8, "the port of"),
        (.blindPlanner, 96, "of them well"),
    ]
    /// The same where nodes die for long.
    static let mutationsWithTheDead: [(mutation: Mutation, seed: UInt64, sign: String)] = [
        (.deadAwaited, 1, "waits for the dead"),
        (.leftForgotten, 1, "bears a mark"),
        (.leftUnfenced, 3, "for ever"),
        (.leftIgnored, 15, "for ever"),
        (.lockGivenUp, 11, "lock"),
    ]
    /// Seeds at which a lock stayed: its taking was on its way while another change held the lock.
    static let failedWithTheDead: [UInt64] = [4, 11]
}
