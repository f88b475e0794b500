import GlusterModel
import Membership
import Testing

@Suite struct RaftTimesTests {
    /// The first member leads; of the voters those of `dead` do not answer.
    private func members(voters: Int, learners: Int = 0, dead: Set<Int> = []) -> [Member] {
        (1...voters + learners).map { number in
            Member(
                id: UInt64(number), peer: PeerID(high: 0, low: UInt64(number)),
                isLearner: number > voters, isLeader: number == 1, isStarted: true,
                isHealthy: !dead.contains(number), unhealthyFor: .zero)
        }
    }

    @Test(
        arguments: [
            // One node: short times, also when the others have left.
            (1, 0, [], 1, RaftTimes.alone, RaftTimes.alone), (1, 0, [], 1, .several, .alone),
            (1, 0, [], 1, nil, .alone),
            // Those who come learn first: nothing stops meanwhile.
            (1, 1, [], 2, .alone, .alone), (1, 1, [], 2, .several, .several),
            (1, 2, [], 3, .alone, .alone), (2, 1, [], 3, .alone, .alone),
            // Three vote: the others go on while it starts anew, if both are well.
            (3, 0, [], 3, .alone, .several), (3, 0, [3], 3, .alone, .alone),
            (3, 0, [1], 3, .alone, .several), (5, 0, [5], 5, .alone, .several),
            (5, 0, [4, 5], 5, .alone, .alone), (4, 0, [4], 4, .alone, .alone),
            (3, 0, [], 3, .several, .several), (3, 0, [], 3, nil, .several),
        ] as [(Int, Int, Set<Int>, Int, RaftTimes?, RaftTimes)])
    func aMemberStartsAnewWhenOthersCanGoOn(
        voters: Int, learners: Int, dead: Set<Int>, peers: Int, now: RaftTimes?, wanted: RaftTimes
    ) {
        let members = members(voters: voters, learners: learners, dead: dead)
        #expect(RaftTimes.of(members[0], running: now, among: members, peers: peers) == wanted)
    }

    @Test func whoComesHasTheUsualTimes() {
        let members = members(voters: 1, learners: 1)
        #expect(RaftTimes.of(members[1], running: nil, among: members, peers: 2) == .several)
    }
}
