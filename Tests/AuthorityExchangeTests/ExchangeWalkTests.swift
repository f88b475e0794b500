import AuthorityExchange
import GlusterModel
import Seeded
import Testing

/// Nodes that follow the store late, die, come back, lose their leader: at every moment each two
/// that live and have met the store can shake hands, and a quorum of etcd runs.
@Suite struct ExchangeWalkTests {
    private struct Node {
        var has: Holdings
        var phase = ExchangePhase.trusting
        var isUp = true
        var runs = true
    }

    private static let old = AuthorityNames(node: "n1", member: "m1")
    private static let new = AuthorityNames(node: "n2", member: "m2")

    private struct World {
        var nodes: [Node]
        var leader = 0
        var phase = ExchangePhase.trusting
        var turn: PeerID?
        /// What some leader saw a while ago: it may act on it when another one leads already.
        var earlier: Sight?
        var beganAnew = false
        let voters: Int

        init(_ count: Int, voters: Int) {
            self.voters = voters
            nodes = (0..<count).map { index in
                let isMember = index < voters
                return Node(
                    has: Holdings(
                        node: Holding(trusted: ["n1"], shown: "n1"),
                        member: isMember ? Holding(trusted: ["m1"], shown: "m1") : nil,
                        keys: isMember ? ["n1", "m1"] : [],
                        nextKeys: index == 0 ? ["n2", "m2"] : []))
            }
        }

        /// The leader's node gives the keys that it has to a member.
        mutating func giveKeys(to index: Int) {
            guard index < voters, nodes[index].isUp, nodes[leader].isUp, phase == .trusting else {
                return
            }
            nodes[index].has.nextKeys.formUnion(nodes[leader].has.nextKeys)
        }

        var peers: [ExchangePeer] {
            nodes.enumerated().map { index, node in
                let isHealthy = node.isUp && node.runs
                return ExchangePeer(
                    peer: PeerID(high: 0, low: UInt64(index)), name: "h\(index)",
                    isReachable: node.isUp,
                    role: index < voters
                        ? .voter(isHealthy: isHealthy, isLeader: index == leader && isHealthy)
                        : .client, holdings: node.has)
            }
        }

        /// One node does what the phase that it knows of wants.
        mutating func follow(_ index: Int) {
            guard nodes[index].isUp else { return }
            nodes[index].phase = phase
            let isMember = index < voters
            switch phase {
            case .trusting: nodes[index].has.node.trusted = ["n1", "n2"]
            case .issuing:
                nodes[index].has.node = Holding(trusted: ["n1", "n2"], shown: "n2")
                if isMember {
                    nodes[index].has.keys = ["n2", "m2"]
                    nodes[index].has.nextKeys = []
                    nodes[index].has.member?.shown = "m2"
                }
            case .retiring, .done: nodes[index].has.node.trusted = ["n2"]
            }
        }

        /// Nothing is done where the member trusts those already, or its files say others.
        mutating func restart(_ index: Int, trusting asked: ExchangePhase) {
            let trusted: Set<String> = asked == .trusting ? ["m1", "m2"] : ["m2"]
            guard nodes[index].isUp, nodes[index].phase == asked,
                nodes[index].has.member?.trusted != trusted
            else { return }
            nodes[index].has.member?.trusted = trusted
            nodes[index].runs = false
        }

        struct Sight {
            var peers: [ExchangePeer]
            var own: Holdings
            var turn: PeerID?
            var phase: ExchangePhase
        }
        var sight: Sight { Sight(peers: peers, own: nodes[leader].has, turn: turn, phase: phase) }

        mutating func lead() {
            guard nodes[leader].isUp, nodes[leader].runs else {
                leader = (0..<voters).first { nodes[$0].isUp && nodes[$0].runs } ?? leader
                return
            }
            act(on: sight)
        }

        /// What the store has is changed by compare-and-set: not on a sight that is out of date.
        mutating func act(on sight: Sight) {
            let exchange = AuthorityExchange(
                phase: sight.phase, oldNode: [old.node], oldMember: [old.member], new: new)
            switch exchange.next(sight.peers, own: sight.own, turn: sight.turn) {
            case .wait: break
            case .beginAnew: if sight.phase == phase { beganAnew = true }
            case .advance(let next): if sight.phase == phase { (phase, turn) = (next, nil) }
            case .moveLead(let heir):
                if nodes[Int(heir.low)].isUp, nodes[Int(heir.low)].runs { leader = Int(heir.low) }
            case .restartMember(let peer):
                guard sight.turn == peer || (sight.turn == turn && sight.phase == phase) else {
                    return
                }
                if sight.phase == phase, sight.turn == turn { turn = peer }
                restart(Int(peer.low), trusting: sight.phase)
            }
        }

        /// The first two nodes that could not shake hands.
        var strangers: (Int, Int)? {
            for left in nodes.indices {
                for right in nodes.indices where left != right {
                    let (one, other) = (nodes[left].has, nodes[right].has)
                    if !one.node.trusted.contains(other.node.shown) { return (left, right) }
                    if let here = one.member, let there = other.member,
                        !here.trusted.contains(there.shown)
                    {
                        return (left, right)
                    }
                }
            }
            return nil
        }
    }

    @Test(arguments: 0..<20)
    func nobodyIsLeftBehind(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        var world = World(5, voters: 3)
        var turns = 0
        while turns < 1_500, world.phase != .done {
            turns += 1
            let index = Int.random(in: 0..<5, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where world.nodes.allSatisfy(\.isUp) && turns < 1_000:
                world.nodes[index].isUp = false
            case 1: world.nodes[index].isUp = true
            case 2...5: world.nodes[index].runs = true
            case 6...11: world.follow(index)
            case 12: world.giveKeys(to: index)
            case 13:
                if let earlier = world.earlier { world.act(on: earlier) }
                world.earlier = world.sight
            case 14:
                world.leader =
                    index < 3 && world.nodes[index].isUp && world.nodes[index].runs
                    ? index : world.leader
            default: world.lead()
            }
            let starting = (0..<3).count { !world.nodes[$0].runs }
            guard starting <= 1, world.strangers == nil else { break }
        }
        let starting = (0..<3).count { !world.nodes[$0].runs }
        #expect(starting <= 1, "seed \(seed), turn \(turns): two etcds are started at once")
        let strangers = world.strangers.map { "\($0.0) does not trust \($0.1)" }
        #expect(strangers == nil, "seed \(seed), turn \(turns), \(world.phase)")
        let beganAnew = world.beganAnew
        #expect(!beganAnew, "seed \(seed): other keys are made while a voter has them")
        #expect(world.phase == .done, "seed \(seed): it ends in \(world.phase)")
    }
}
