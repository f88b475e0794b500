import GlusterModel
import Membership
import Seeded
import Testing

/// Peers that die, come back, join and leave, and an etcd that takes steps as the real one does.
struct MembershipWorld {
    struct Node {
        var isAlive = true
        var changed = Duration.zero
        var isLeaving = false
        var isInMaintenance = false
    }

    private(set) var nodes: [PeerID: Node] = [:]
    private(set) var members: [Member] = []
    private(set) var now = Duration.zero
    /// Steps that were carried out.
    private(set) var steps = 0
    /// Peers that came, that began to leave, and that died.
    private(set) var joins = 0
    private(set) var leaves = 0
    private(set) var kills = 0
    /// Promotions that etcd refused, since the learner had not caught up.
    private(set) var refused = 0
    let settings: MembershipSettings
    var generator: SplitMix
    private var caughtUp: [UInt64: Duration] = [:]
    private var peerNext: UInt64 = 1
    private var memberNext: UInt64 = 1
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix(seed: seed)
        let votersMax = MembershipSettings.votersMaxAllowed[Int(generator.next() % 3)]
        settings = MembershipSettings(votersMax: votersMax, replaceAfter: .seconds(60))
        join()
        let first = addMember(PeerID(high: 0, low: 1), isLearner: false)
        members[first].isStarted = true
        members[first].isLeader = true
    }

    // MARK: What happens to it

    mutating func join() {
        nodes[PeerID(high: 0, low: peerNext)] = Node(changed: now)
        peerNext += 1
        joins += 1
    }

    /// As an operator would: refused when it isn't safe.
    mutating func leave() {
        guard let peer = staying.randomElement(using: &generator), staying.count > 1,
            MembershipPlan.refusal(
                removing: peer, members: seen, candidates: candidates, force: false) == nil
        else { return }
        nodes[peer]?.isLeaving = true
        leaves += 1
    }

    mutating func event() {
        guard let peer = nodes.keys.sorted().randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...2: setAlive(peer, false)
        case 3...7:
            // The one that is dead for the longest, so that not all stay dead.
            let dead = nodes.filter { !$0.value.isAlive }
            if let first = dead.min(by: { ($0.value.changed, $0.key) < ($1.value.changed, $1.key) })
            {
                setAlive(first.key, true)
            }
        case 8: nodes[peer]?.isInMaintenance.toggle()
        default: electAnother()
        }
    }

    mutating func setAlive(_ peer: PeerID, _ isAlive: Bool) {
        guard nodes[peer]?.isAlive == !isAlive else { return }
        nodes[peer]?.isAlive = isAlive
        nodes[peer]?.changed = now
        if !isAlive { kills += 1 }
    }

    mutating func healAll() {
        for peer in nodes.keys {
            setAlive(peer, true)
            nodes[peer]?.isInMaintenance = false
        }
    }

    /// Brings voters back until a majority lives.
    mutating func healMajority() {
        for member in members where !member.isLearner && !hasQuorum {
            if let peer = member.peer { setAlive(peer, true) }
        }
    }

    // MARK: A second of it

    /// Carries out one step; false when there was none.
    @discardableResult mutating func tick() -> Bool {
        now += .seconds(1)
        forgetThoseWhoLeft()
        for index in members.indices where isAlive(members[index]) {
            members[index].isStarted = true
        }
        guard hasQuorum else { return false }
        if !members.contains(where: { $0.isLeader && isAlive($0) }) { electAnother() }
        let step = MembershipPlan.next(
            members: seen, candidates: candidates, settings: settings)
        switch step {
        case .nothing, .wait: return false
        case .addLearner(let peer):
            let isStrict = voters.allSatisfy(isAlive)
            #expect(isStrict && learners.isEmpty, "seed \(seed): etcd refuses \(step)")
            _ = addMember(peer, isLearner: true)
        case .promote(let id, _):
            guard let index = index(id) else { return false }
            #expect(voters.allSatisfy(isAlive) && isAlive(members[index]), "seed \(seed): \(step)")
            guard caughtUp[id, default: .zero] <= now else {
                refused += 1
                return false
            }
            members[index].isLearner = false
        case .remove(let id, _, _):
            guard let index = index(id) else { return false }
            #expect(!members[index].isLeader, "seed \(seed): \(step)")
            members.remove(at: index)
        case .moveLeader(let id, _):
            guard let index = index(id) else { return false }
            #expect(isAlive(members[index]) && !members[index].isLearner, "seed \(seed): \(step)")
            for other in members.indices { members[other].isLeader = other == index }
        }
        steps += 1
        #expect(hasQuorum, "seed \(seed): \(step) left \(members)")
        return true
    }

    private mutating func addMember(_ peer: PeerID, isLearner: Bool) -> Int {
        members.append(
            Member(id: memberNext, peer: peer, isLearner: isLearner, isStarted: false))
        caughtUp[memberNext] = now + .seconds(Int.random(in: 0..<20, using: &generator))
        memberNext += 1
        return members.count - 1
    }

    private mutating func electAnother() {
        guard hasQuorum else { return }
        let leader = voters.filter(isAlive).randomElement(using: &generator)
        for index in members.indices { members[index].isLeader = members[index].id == leader?.id }
    }

    private mutating func forgetThoseWhoLeft() {
        for (peer, node) in nodes where node.isLeaving {
            if !members.contains(where: { $0.peer == peer }) { nodes[peer] = nil }
        }
    }

    // MARK: How it is

    var staying: [PeerID] { nodes.filter { !$0.value.isLeaving }.map(\.key).sorted() }
    var voters: [Member] { members.filter { !$0.isLearner } }
    var learners: [Member] { members.filter(\.isLearner) }
    var hasQuorum: Bool { voters.count(where: isAlive) >= voters.count / 2 + 1 }

    var deadVoters: Int { voters.count { !isAlive($0) } }

    private func index(_ id: UInt64) -> Int? { members.firstIndex { $0.id == id } }

    private func isAlive(_ member: Member) -> Bool {
        member.peer.flatMap { nodes[$0]?.isAlive } ?? false
    }

    private var seen: [Member] {
        members.map { member in
            var seen = member
            seen.isHealthy = isAlive(member) && member.isStarted
            let since = member.peer.flatMap { nodes[$0]?.changed } ?? .zero
            seen.unhealthyFor = seen.isHealthy ? .zero : now - since
            return seen
        }
    }

    private var candidates: [Candidate] {
        nodes.map { peer, node in
            Candidate(
                peer: peer, isReachable: node.isAlive,
                unreachableFor: node.isAlive ? .zero : now - node.changed,
                isLeaving: node.isLeaving, isInMaintenance: node.isInMaintenance)
        }
    }
}
