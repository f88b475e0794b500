import GlusterModel
import Membership
import Testing

@Suite struct MembershipPlanTests {
    @Test(
        arguments: [
            (0, 0, 0, 0), (1, 1, 1, 1), (2, 1, 1, 1), (3, 3, 3, 3), (4, 3, 3, 3), (5, 3, 5, 5),
            (6, 3, 5, 5), (7, 3, 5, 7), (400, 3, 5, 7),
        ])
    func howManyVoteFollowsFromThePeers(peers: Int, ofThree: Int, ofFive: Int, ofSeven: Int) {
        for (votersMax, wanted) in [(3, ofThree), (5, ofFive), (7, ofSeven)] {
            let settings = MembershipSettings(votersMax: votersMax)
            #expect(
                MembershipPlan.votersWanted(peers: peers, settings: settings) == wanted)
        }
    }

    /// Whose votes are forgotten must not vote again.
    @Test(
        arguments: [
            (false, 0, true), (false, 7, true), (false, 9, true), (true, 7, true), (true, 0, false),
            (true, 9, false),
        ] as [(Bool, UInt64, Bool)])
    func aMemberThatRanRunsAgainOnlyWhereItsDataIs(isStarted: Bool, said: UInt64, may: Bool) {
        let member = Member(id: 7, peer: nil, isStarted: isStarted)
        #expect(member.mayRun(where: said) == may)
    }

    @Test(
        arguments: [
            (Cluster(peers: 1, voters: [1]), Deed.nothing),
            (Cluster(peers: 2, voters: [1]), .add(2)),
            (Cluster(peers: 2, voters: [1], learners: [2]), .nothing),
            (Cluster(peers: 3, voters: [1], learners: [2]), .promote(2)),
            // Two voters are gone through only when the third is within reach.
            (Cluster(peers: 3, voters: [1], learners: [2]).gone(3, 5), .wait),
            (Cluster(peers: 3, voters: [1], learners: [2]).maintained(3), .nothing),
            (Cluster(peers: 3, voters: [1, 2]), .add(3)),
            (Cluster(peers: 3, voters: [1, 2]).gone(3, 5), .wait),
            (Cluster(peers: 3, voters: [1, 2]).gone(3), .remove(2)),
            (Cluster(peers: 3, voters: [1, 2], learners: [3]), .promote(3)),
            (Cluster(peers: 3, voters: [1, 2], learners: [3]).dead(2), .wait),
            (Cluster(peers: 3, voters: [1, 2, 3]), .nothing),
            (Cluster(peers: 4, voters: [1, 2, 3]), .nothing),
            (Cluster(peers: 4, voters: [1, 2, 3], learners: [4]), .remove(4)),
            (Cluster(peers: 5, voters: [1, 2, 3]), .add(4)),
            (Cluster(peers: 5, voters: [1, 2, 3], learners: [4]), .promote(4)),
            (Cluster(peers: 5, voters: [1, 2, 3]).gone(5, 5), .wait),
            (Cluster(peers: 5, voters: [1, 2, 3, 4, 5]), .nothing),
            (Cluster(peers: 9, voters: [1, 2, 3, 4, 5]), .nothing),
            (
                Cluster(peers: 9, voters: [1, 2, 3, 4, 5])
                    .with { $0.settings = MembershipSettings(votersMax: 7) }, .add(6)
            ),
            (
                Cluster(peers: 9, voters: [1, 2, 3, 4, 5])
                    .with { $0.settings = MembershipSettings(votersMax: 3) }, .remove(5)
            ),
        ])
    func itGrowsAsThePeersDo(cluster: Cluster, deed: Deed) {
        #expect(Deed(cluster.next) == deed)
    }

    @Test(
        arguments: [
            // At once, and although no other peer can take its place but its own.
            (Cluster(peers: 3, voters: [1, 2, 3]).givenUp(3), Deed.remove(3)),
            (Cluster(peers: 3, voters: [1, 2, 3]).givenUp(3).maintained(3), .remove(3)),
            (Cluster(peers: 3, voters: [1, 2, 3]).givenUp(3).dead(2, 5), .wait),
            (Cluster(peers: 5, voters: [1, 2, 3, 4, 5]).givenUp(3).dead(2, 5), .remove(3)),
            (Cluster(peers: 2, voters: [1], learners: [2]).givenUp(2), .remove(2)),
            (Cluster(peers: 3, voters: [1, 2]), .add(3)),
        ])
    func whatWasGivenUpIsTakenOutAndAddedAnew(cluster: Cluster, deed: Deed) {
        #expect(Deed(cluster.next) == deed)
    }

    @Test(
        arguments: [
            // 3 → 2: to one voter, which is the leader, and one learner.
            (Cluster(peers: 3, voters: [1, 2, 3]).leaving(3), Deed.remove(3)),
            (Cluster(peers: 2, voters: [1, 2]), .remove(2)),
            (Cluster(peers: 2, voters: [2, 1]), .remove(1)),
            (Cluster(peers: 3, voters: [1, 2, 3]).leaving(3).gone(3, 0), .remove(3)),
            (Cluster(peers: 2, voters: [1, 2]).dead(2), .wait),
            // The leader goes: another leads first.
            (Cluster(peers: 3, voters: [1, 2, 3]).leaving(1), .lead(2)),
            (Cluster(peers: 3, voters: [2, 1, 3]).leaving(1), .remove(1)),
            // 2 → 1: the learner becomes voter and leader before.
            (Cluster(peers: 2, voters: [1], learners: [2]).leaving(2), .remove(2)),
            (Cluster(peers: 2, voters: [1], learners: [2]).leaving(1), .promote(2)),
            (Cluster(peers: 2, voters: [1, 2]).leaving(1), .lead(2)),
            (Cluster(peers: 2, voters: [2, 1]).leaving(1), .remove(1)),
            (Cluster(peers: 2, voters: [1], learners: [2]).leaving(1).dead(2, 5), .wait),
            (Cluster(peers: 1, voters: [1]).leaving(1), .wait),
            // A healthy one that goes is replaced before, a dead one after.
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(3), .add(4)),
            (Cluster(peers: 4, voters: [1, 2, 3], learners: [4]).leaving(3), .promote(4)),
            (Cluster(peers: 4, voters: [1, 2, 3, 4]).leaving(3), .remove(3)),
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(3).dead(3, 1), .remove(3)),
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(3).gone(4, 5), .wait),
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(3).gone(4), .remove(3)),
            // Configured to stay a client.
            (Cluster(peers: 4, voters: [1, 2, 3]).peer(2) { $0.mayVote = false }, .add(4)),
            (Cluster(peers: 1, voters: [1]).peer(1) { $0.mayVote = false }, .wait),
            // 5 → 3.
            (Cluster(peers: 4, voters: [1, 2, 3, 4]), .remove(4)),
            (Cluster(peers: 4, voters: [1, 2, 3, 4]).dead(2, 1), .remove(2)),
            (Cluster(peers: 3, voters: [1, 2, 3, 4, 5]), .remove(4)),
            // With a dead voter the healthy ones stay until it is out.
            (Cluster(peers: 3, voters: [1, 2, 3]).leaving(2).dead(3, 1), .remove(3)),
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(2).dead(3, 1), .wait),
        ])
    func itShrinksAsThePeersDo(cluster: Cluster, deed: Deed) {
        #expect(Deed(cluster.next) == deed)
    }

    @Test(
        arguments: [
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3, 599), Deed.wait),
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3, 600), .remove(3)),
            (Cluster(peers: 4, voters: [1, 2]).gone(3), .add(4)),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).dead(3, 60)
                    .with { $0.settings.replaceAfter = .seconds(60) }, .remove(3)
            ),
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3).maintained(3), .wait),
            // Nobody could take its place.
            (Cluster(peers: 3, voters: [1, 2, 3]).dead(3), .wait),
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3).gone(4), .wait),
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3).maintained(4), .wait),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).dead(3).peer(4) { $0.mayVote = false },
                .wait
            ),
            // A second one is dead.
            (Cluster(peers: 7, voters: [1, 2, 3, 4, 5]).dead(3).dead(4, 1), .wait),
            // A learner is there already.
            (Cluster(peers: 4, voters: [1, 2, 3], learners: [4]).dead(3), .remove(3)),
            // Four voters need three: the dead one goes, though nobody takes its place.
            (Cluster(peers: 5, voters: [1, 2, 3, 4]).dead(4).gone(5), .remove(4)),
            // Nothing can be done without a quorum, nor without a leader.
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(2).dead(3), .wait),
            (Cluster(peers: 4, voters: [1, 2, 3]).leaving(2).dead(2).dead(3), .wait),
            (Cluster(peers: 2, voters: [1, 2]).member(1) { $0.isLeader = false }, .wait),
            (Cluster(peers: 1, voters: []), .wait),
            (Cluster(peers: 0, voters: [1]), .wait),
        ])
    func aDeadVoterIsReplacedOnlyWhenThatIsSafe(cluster: Cluster, deed: Deed) {
        #expect(Deed(cluster.next) == deed)
    }

    private static func dormant(_ seconds: Int) -> (inout Member) -> Void {
        {
            $0.isStarted = false
            $0.isHealthy = false
            $0.unhealthyFor = .seconds(seconds)
        }
    }

    @Test(
        arguments: [
            (Cluster(peers: 3, voters: [1], learners: [2]).dead(2, 1), Deed.wait),
            (Cluster(peers: 3, voters: [1], learners: [2]).dead(2), .remove(2)),
            (Cluster(peers: 3, voters: [1], learners: [2]).member(2, dormant(5)), .wait),
            (Cluster(peers: 2, voters: [1], learners: [2]).member(2, dormant(5)), .wait),
            (Cluster(peers: 2, voters: [1], learners: [2]).member(2, dormant(600)), .remove(2)),
            (Cluster(peers: 2, voters: [1], learners: [2]).dead(2).maintained(2), .wait),
            // Its gd2-store is away and its etcd is well.
            (
                Cluster(peers: 2, voters: [1], learners: [2]).gone(2).member(2) {
                    $0.isHealthy = true
                    $0.unhealthyFor = .zero
                }, .nothing
            ),
            // Of no peer, of none any more, or a second one.
            (Cluster(peers: 3, voters: [1, 2, 3], learners: [9]), .remove(9)),
            (Cluster(peers: 3, voters: [1, 2, 3], learners: [9]).dead(3, 1), .remove(9)),
            (
                Cluster(peers: 3, voters: [1, 2, 3], learners: [9]).member(9) { $0.peer = nil },
                .remove(9)
            ),
            (Cluster(peers: 3, voters: [1, 2, 3, 9]).member(9) { $0.peer = nil }, .remove(9)),
            (
                Cluster(peers: 3, voters: [1, 2, 3, 9]).member(9) { $0.peer = nil }.dead(9, 1),
                .remove(9)
            ),
            (
                Cluster(peers: 3, voters: [1, 2, 3, 9])
                    .member(9) { $0.peer = Cluster.peer(2) }.dead(2, 1), .remove(2)
            ),
            (
                Cluster(peers: 3, voters: [1, 2, 3, 9]).member(9) { $0.peer = Cluster.peer(1) },
                .remove(9)
            ),
        ])
    func membersThatAreOfNoUseAreTakenOut(cluster: Cluster, deed: Deed) {
        #expect(Deed(cluster.next) == deed)
    }

    @Test func aNewVoterIsPreferredInAZoneOfItsOwn() {
        let zones = Cluster(peers: 4, voters: [1], learners: [])
            .peer(1) { $0.zone = "a" }.peer(2) { $0.zone = "a" }
            .peer(3) { $0.zone = "b" }.peer(4) { $0.zone = "" }
        #expect(Deed(zones.next) == .add(3))
        let shrinking = Cluster(peers: 4, voters: [1, 2, 3, 4])
            .peer(1) { $0.zone = "a" }.peer(2) { $0.zone = "a" }
            .peer(3) { $0.zone = "b" }.peer(4) { $0.zone = "c" }
        #expect(Deed(shrinking.next) == .remove(2))
    }

    @Test func aWitnessIsTheThirdVoterBesideTwoDataNodes() {
        let two = Cluster(peers: 4, voters: [1, 2]).peer(4) { $0.isWitness = true }
        #expect(Deed(two.next) == .add(4))
        let one = Cluster(peers: 3, voters: [1]).peer(2) { $0.isWitness = true }
        #expect(Deed(one.next) == .add(3))
    }
}
