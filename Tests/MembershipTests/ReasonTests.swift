import Membership
import Testing

@Suite struct ReasonTests {
    private func reason(_ cluster: Cluster) -> String {
        switch cluster.next {
        case .wait(let reason), .remove(_, _, let reason): reason
        case .nothing, .addLearner, .promote, .moveLeader: ""
        }
    }

    @Test(
        arguments: [
            (
                Cluster(peers: 3, voters: [1, 2, 3]).dead(3),
                "3 voters, 2 healthy, quorum 2: h3 has not answered for 16 min, and no other peer "
                    + "is within reach to take its place"
            ),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).dead(3, 40),
                "3 voters, 2 healthy, quorum 2: h3 has not answered for 40 s and is replaced "
                    + "after 10 min"
            ),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).dead(2).dead(3),
                "3 voters, 1 healthy, quorum 2: etcd can change nothing until one of h2, h3 is back"
            ),
            (
                Cluster(peers: 3, voters: [1], learners: [2]).gone(3, 5),
                "1 voter, 1 healthy, quorum 1: 2 more peers should vote: h3 is out of reach"
            ),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).leaving(3).gone(4, 5),
                "3 voters, 3 healthy, quorum 2: without h3 there would be 2 voters, 2 healthy, "
                    + "quorum 2: it stays until another peer can vote, or those out of reach stay "
                    + "away for 10 min: h4 is out of reach"
            ),
            (Cluster(peers: 2, voters: [1, 2]), "2 vote, and 1 should of 2 peers"),
            (
                Cluster(peers: 4, voters: [1, 2, 3]).dead(3),
                "it has not answered for 16 min"
            ),
        ])
    func aReasonHasTheArithmetic(cluster: Cluster, text: String) {
        #expect(reason(cluster) == text)
    }

    @Test(
        arguments: [
            (Cluster(peers: 3, voters: [1, 2, 3]), 3, nil),
            (Cluster(peers: 3, voters: [1, 2, 3]).dead(3), 3, nil),
            (Cluster(peers: 4, voters: [1, 2, 3]).dead(3), 4, nil),
            (Cluster(peers: 2, voters: [1], learners: [2]), 1, nil),
            (Cluster(peers: 2, voters: [1], learners: [2]), 2, nil),
            (
                Cluster(peers: 3, voters: [1, 2, 3]).dead(3), 2,
                "3 voters, 2 healthy, quorum 2: removing h2 would leave 2 voters, 1 healthy, "
                    + "quorum 2, and h3 does not answer; first bring it back, or remove h3, then "
                    + "h2; force takes h2 out when that is safe"
            ),
            (
                Cluster(peers: 3, voters: [1, 2, 3]).dead(2).dead(3), 3,
                "3 voters, 1 healthy, quorum 2: no peer can be removed until one of h2, h3 is "
                    + "back; if they are lost for ever, recover the cluster on a survivor first "
                    + "(glustercli cluster recover)"
            ),
            (
                Cluster(peers: 2, voters: [1], learners: [2]).gone(2), 1,
                "1 voter, 1 healthy, quorum 1: h1 is the last voter, and no other peer is within "
                    + "reach to take over; first bring another peer's gd2-store and gd2-etcd up"
            ),
        ])
    func aRefusalHasTheArithmeticAndTheSafeOrder(cluster: Cluster, peer: Int, text: String?) {
        #expect(cluster.refusal(peer) == text)
    }

    @Test func forceTakesWhatComesToAnEnd() {
        let one = Cluster(peers: 3, voters: [1, 2, 3]).dead(3)
        #expect(one.refusal(2, force: true) == nil)
        let two = Cluster(peers: 3, voters: [1, 2, 3]).dead(2).dead(3)
        #expect(two.refusal(2, force: true) != nil)
        let last = Cluster(peers: 1, voters: [1])
        #expect(last.refusal(1, force: true) != nil)
    }
}
