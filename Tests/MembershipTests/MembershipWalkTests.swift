import Membership
import Testing

@Suite struct MembershipWalkTests {
    /// Lets time pass until no step was taken for longer than a dead member is waited for; false
    /// when that does not happen in a time that is enough for all growing and shrinking.
    private static func comesToRest(_ world: inout MembershipWorld) -> Bool {
        var lastStep = 0
        for second in 0..<1_000 {
            if world.tick() { lastStep = second }
            if second - lastStep > 130 { return true }
        }
        return false
    }

    /// Everybody lives: as many voters as should be, all else gone.
    private static func expectComplete(_ world: MembershipWorld, _ seed: UInt64) {
        let peers = world.staying.count
        let wanted = MembershipPlan.votersWanted(peers: peers, settings: world.settings)
        #expect(world.nodes.count == peers, "seed \(seed)")
        #expect(world.voters.count == wanted, "seed \(seed)")
        #expect(world.learners.count == (peers == 2 ? 1 : 0), "seed \(seed)")
    }

    @Test(arguments: 1...20)
    func aWalkUpAndDownNeverLosesItsQuorum(seed: UInt64) {
        var world = MembershipWorld(seed: seed)
        for peers in [1, 2, 3, 5, 3, 2, 1] {
            while world.staying.count < peers { world.join() }
            for _ in 0..<50 {
                // One peer more than there are to be comes and goes.
                switch Int.random(in: 0..<5, using: &world.generator) {
                case 0 where world.staying.count <= peers: world.join()
                case 1 where world.staying.count > peers: world.leave()
                default: world.event()
                }
                for _ in 0..<Int.random(in: 0..<90, using: &world.generator) { world.tick() }
            }
            // Some stay dead: it comes to rest all the same.
            world.healMajority()
            #expect(Self.comesToRest(&world), "seed \(seed): never at rest")
            #expect(world.hasQuorum, "seed \(seed)")
            let isHeldUp =
                world.deadVoters > 1 || world.nodes.values.contains(where: \.isInMaintenance)
            #expect(isHeldUp || world.voters.count % 2 == 1, "seed \(seed): \(world.members)")
            world.healAll()
            for _ in 0..<10 where world.staying.count > peers {
                world.leave()
                #expect(Self.comesToRest(&world), "seed \(seed): never at rest")
            }
            #expect(Self.comesToRest(&world), "seed \(seed): never at rest")
            #expect(world.staying.count == peers, "seed \(seed): leaving is refused for ever")
            Self.expectComplete(world, seed)
        }
        let happened = "\(world.joins) joins, \(world.leaves) leaves, \(world.kills) kills"
        #expect(world.joins + world.leaves + world.kills >= 100, "seed \(seed): \(happened)")
        #expect(min(world.joins, world.leaves, world.kills) >= 10, "seed \(seed): \(happened)")
        #expect(world.steps >= 10, "seed \(seed)")
    }

    @Test func aLearnerThatHasNotCaughtUpIsTriedAgain() {
        var refused = 0
        for seed in 1...10 {
            var world = MembershipWorld(seed: UInt64(seed))
            for _ in 0..<4 { world.join() }
            for _ in 0..<200 { world.tick() }
            Self.expectComplete(world, UInt64(seed))
            refused += world.refused
        }
        #expect(refused > 0)
    }
}
