import GlusterModel
import OldTopology
import Seeded
import Testing

@Suite struct TopologyGuardTests {
    typealias Freshness = TopologyGuard.Freshness
    private static let (own, second, third) = (peer(1), peer(2), peer(3))
    private static let head: Int64 = 50

    private static func peer(_ seed: UInt64) -> PeerID {
        var generator = SplitMix(seed: seed)
        return PeerID(using: &generator)
    }

    private static func topology(
        on peers: [PeerID], thinArbiter: PeerID? = nil, peersCount: Int = 4, generation: Int = 3
    ) throws -> ViewedTopology {
        var generator = SplitMix(seed: 9)
        let path = try BrickPath(validating: "/bricks/b")
        let bricks = peers.enumerated().map { index, peer in
            Brick(id: BrickID(using: &generator), peer: peer, path: path, index: index)
        }
        let arbiter = thinArbiter.map { peer in
            ThinArbiter.brick(
                Brick(id: BrickID(using: &generator), peer: peer, path: path, index: 9))
        }
        let head = VolumeHead(
            id: VolumeID(using: &generator), name: try VolumeName(validating: "gv0"),
            state: .started, generation: generation, bricksCount: bricks.count, digest: "")
        return ViewedTopology(
            Volume(
                head: head,
                topology: Topology(layout: .distribute, bricks: bricks, thinArbiter: arbiter),
                options: [:]),
            epoch: Epoch(2), headRevision: Self.head, own: own, peersCount: peersCount)
    }

    private static func says(
        _ generation: Int?, epoch: UInt64 = 2, revision: Int64 = Self.head
    ) -> KnownGeneration {
        KnownGeneration(
            epoch: Epoch(epoch), revision: revision, isCurrent: false, generation: generation)
    }

    @Test(arguments: [
        (says(3), ViewedTopology.Finding.confirmed),
        (says(4), .contradicted),
        (says(2), .nothing),
        (says(nil), .contradicted),
        // It has not seen the volume's last change, maybe not its creation.
        (says(nil, revision: head - 1), .nothing),
        (says(3, revision: head - 1), .confirmed),
        (says(3, epoch: 3), .contradicted),
        (says(nil, epoch: 3, revision: 1), .contradicted),
        (says(1, epoch: 3, revision: 1), .contradicted),
        (says(9, epoch: 1, revision: 900), .nothing),
    ]) func aPeersWordIsJudgedByEpochThenGeneration(
        _ word: KnownGeneration, _ finding: ViewedTopology.Finding
    ) throws {
        let topology = try Self.topology(on: [Self.own, Self.second])
        #expect(topology.compared(with: word) == finding)
    }

    @Test func whatOnlyThisNodeHoldsCannotHaveMoved() throws {
        let never = Freshness.stale(age: nil)
        var guarding = TopologyGuard()
        for topology in [
            try Self.topology(on: [Self.own, Self.own]),
            try Self.topology(on: [Self.own], thinArbiter: Self.own),
            try Self.topology(on: [Self.own, Self.own], peersCount: 1),
        ] {
            #expect(guarding.decide(on: topology, freshness: never, now: .zero) == .serve)
        }
        for topology in [
            try Self.topology(on: [Self.own, Self.second]),
            try Self.topology(on: [Self.second]),
            try Self.topology(on: [Self.own], thinArbiter: Self.second),
        ] {
            var guarding = TopologyGuard()
            #expect(
                guarding.decide(on: topology, freshness: never, now: .zero)
                    == .ask([Self.second, Self.own]))
        }
    }

    @Test(arguments: [
        (Freshness.current, true),
        (.stale(age: .zero), true),
        (.stale(age: Limits.grace), true),
        (.stale(age: Limits.grace + .milliseconds(1)), false),
        // After a start it says nothing that it never was current.
        (.stale(age: nil), false),
    ]) func aViewThatWasCurrentAMomentAgoCounts(_ freshness: Freshness, _ isServed: Bool) throws {
        let topology = try Self.topology(on: [Self.own, Self.second])
        let guarding = TopologyGuard()
        #expect(guarding.allows(topology, freshness: freshness, now: .zero) == isServed)
    }

    @Test(
        arguments: [
            ([second: says(3), third: nil], true),
            ([second: says(3), third: says(2)], true),
            ([second: says(3), third: says(4)], false),
            ([second: says(3), third: says(nil)], false),
            ([second: says(2), third: nil], false),
            ([second: nil, third: nil], false),
            // This node's own gd2-brickd may know better, and confirms nothing.
            ([second: says(3), own: says(4)], false),
            ([second: says(3), own: says(nil)], false),
            ([second: says(3), own: says(2)], true),
            ([second: says(2), own: says(3)], false),
            ([own: says(3)], false),
            // Both missed the change, and were fenced for it: whoever of them is asked says the
            // old one. Only one that has seen it, or the store, helps (decision 0043).
            ([second: says(3), third: nil, own: says(3)], true),
            ([:], false),
        ] as [([PeerID: KnownGeneration?], Bool)])
    func oneConfirmationIsEnoughUnlessAnybodyKnowsBetter(
        _ answers: [PeerID: KnownGeneration?], _ isServed: Bool
    ) throws {
        let topology = try Self.topology(on: [Self.own, Self.second, Self.third])
        var guarding = TopologyGuard()
        let stale = Freshness.stale(age: nil)
        let peers = [Self.second, Self.third].sorted()
        #expect(
            guarding.decide(on: topology, freshness: stale, now: .zero)
                == .ask(peers + [Self.own]))
        // While the answers are awaited nobody asks again.
        #expect(guarding.decide(on: topology, freshness: stale, now: .zero) == .wait)
        guarding.answered(topology, by: answers, now: .seconds(1))
        let verdict = guarding.decide(on: topology, freshness: stale, now: .seconds(1))
        #expect(verdict == (isServed ? .serve : .wait))
    }

    @Test func aConfirmationHoldsForATimeAndForOneGeneration() throws {
        let topology = try Self.topology(on: [Self.own, Self.second])
        let next = try Self.topology(on: [Self.own, Self.third], generation: 4)
        var guarding = TopologyGuard()
        let stale = Freshness.stale(age: nil)
        guarding.answered(topology, by: [Self.second: Self.says(3)], now: .zero)
        let last = Limits.confirmationKept - .milliseconds(1)
        #expect(guarding.allows(topology, freshness: stale, now: last))
        #expect(!guarding.allows(next, freshness: stale, now: last))
        #expect(
            guarding.decide(on: topology, freshness: stale, now: Limits.confirmationKept)
                == .ask([Self.second, Self.own]))
        // A later contradiction takes it back at once.
        guarding.answered(topology, by: [Self.second: Self.says(3)], now: .zero)
        guarding.answered(topology, by: [Self.second: Self.says(4)], now: .seconds(1))
        #expect(!guarding.allows(topology, freshness: stale, now: .seconds(1)))
    }

    @Test func peersThatDidNotConfirmAreAskedAgainAfterAWhile() throws {
        let topology = try Self.topology(on: [Self.own, Self.second])
        var guarding = TopologyGuard()
        let stale = Freshness.stale(age: nil)
        guarding.answered(topology, by: [Self.second: nil], now: .seconds(5))
        let next = Duration.seconds(5) + Limits.askEvery
        #expect(
            guarding.decide(on: topology, freshness: stale, now: next - .milliseconds(1)) == .wait)
        #expect(
            guarding.decide(on: topology, freshness: stale, now: next)
                == .ask([Self.second, Self.own]))
    }

    @Test func aVolumesRefusalIsReportedOnceUntilItIsServedAgain() throws {
        let topology = try Self.topology(on: [Self.own, Self.second])
        var guarding = TopologyGuard()
        guarding.answered(topology, by: [Self.second: nil], now: .zero)
        #expect(guarding.refused(topology) == [Self.second: nil])
        guarding.answered(topology, by: [Self.second: nil], now: .seconds(1))
        #expect(guarding.refused(topology) == nil)
        guarding.answered(topology, by: [Self.second: Self.says(3)], now: .seconds(2))
        #expect(guarding.refused(topology) == [Self.second: Self.says(3)])
        guarding.viewIsCurrent()
        #expect(guarding.refused(topology) == [:])
    }
}
