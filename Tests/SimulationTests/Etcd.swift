import GlusterModel
import Membership

/// Members, who leads them, and the planner that changes them.
final class Etcd {
    private static let electionTime = Duration.seconds(1)
    let settings = MembershipSettings(votersMax: 5, replaceAfter: .seconds(30))
    private(set) var members: [Member] = []
    private(set) var leader: Int?
    private var leaderLostAt = Duration.zero
    private var memberNext: UInt64 = 1
    /// When a member was seen well for the last time, and when a new one has caught up.
    private var wellAt: [UInt64: Duration] = [:]
    private var caughtUpAt: [UInt64: Duration] = [:]
    private var reachedAt: [Int: Duration] = [:]
    var joined: Set<Int> = []
    var leaving: Set<Int> = []
    var inMaintenance: Set<Int> = []

    func start(_ world: World) {
        joined = [0]
        add(world.nodes[0].peer, isLearner: false, world)
        members[0].isStarted = true
        leader = 0
        for node in 1..<World.nodesCount {
            world.scheduler.after(.seconds(2 * node)) { [self] in join(node, world) }
        }
        world.scheduler.every(200...300) { [self] in elect(world) }
        world.scheduler.every(900...1_100) { [self] in plan(world) }
        world.store.changed = { [unowned world, self] in push(world) }
    }

    func join(_ node: Int, _ world: World) {
        leaving.remove(node)
        joined.insert(node)
        reachedAt[node] = world.now
    }

    private func add(_ peer: PeerID, isLearner: Bool, _ world: World) {
        members.append(
            Member(id: memberNext, peer: peer, isLearner: isLearner, isStarted: false))
        wellAt[memberNext] = world.now
        caughtUpAt[memberNext] = world.now + world.scheduler.ms(500...5_000)
        memberNext += 1
    }

    // MARK: Leading

    private func node(_ member: Member) -> Int { Int(member.peer?.low ?? 0) - 1 }

    private func runs(_ node: Int, _ world: World) -> Bool {
        world.nodes[node].isUp && world.nodes[node].pausedUntil <= world.now
    }

    private func sees(_ leader: Int, _ member: Member, _ world: World) -> Bool {
        runs(node(member), world) && world.network.talk(leader, node(member))
    }

    private var voters: [Member] { members.filter { !$0.isLearner } }

    private func hasQuorum(_ leader: Int, _ world: World) -> Bool {
        voters.contains { node($0) == leader } && runs(leader, world)
            && voters.count { sees(leader, $0, world) } >= voters.count / 2 + 1
    }

    /// Whether `node` leads and can commit now.
    func leads(_ node: Int, _ world: World) -> Bool { leader == node && hasQuorum(node, world) }

    private func elect(_ world: World) {
        if let leader, hasQuorum(leader, world) {
            leaderLostAt = world.now
            world.store.expire(now: world.now)
            return
        }
        guard world.now - leaderLostAt > Self.electionTime else { return }
        leader = world.scheduler.pick(voters.map(node).filter { hasQuorum($0, world) })
        if leader != nil {
            leaderLostAt = world.now
            world.store.renewAll(now: world.now)
        }
    }

    // MARK: Changing the members

    private func plan(_ world: World) {
        guard let leader, hasQuorum(leader, world) else { return }
        for index in members.indices where sees(leader, members[index], world) {
            members[index].isStarted = true
            wellAt[members[index].id] = world.now
        }
        for node in joined where runs(node, world) && world.network.talk(leader, node) {
            reachedAt[node] = world.now
        }
        for node in leaving where !members.contains(where: { self.node($0) == node }) {
            leaving.remove(node)
            joined.remove(node)
        }
        let step = MembershipPlan.next(
            members: seen(by: leader, world), candidates: candidates(leader, world),
            settings: settings)
        carryOut(step, world)
        guard let leader = self.leader else { return }
        let well = voters.count { sees(leader, $0, world) }
        if isChange(step), well < voters.count / 2 + 1 {
            world.history.violated("\(step) left \(voters.count) voters, \(well) of them well")
        }
    }

    /// Whether it changes who votes. A new leader may be heard by others than the old one.
    private func isChange(_ step: MembershipStep) -> Bool {
        switch step {
        case .nothing, .wait, .moveLeader: false
        case .addLearner, .promote, .remove: true
        }
    }

    private func seen(by leader: Int, _ world: World) -> [Member] {
        members.map { member in
            var seen = member
            let isBlind = world.mutations.contains(.blindPlanner)
            seen.isLeader = node(member) == leader
            seen.isHealthy = isBlind || sees(leader, member, world)
            if isBlind { seen.isStarted = true }
            seen.unhealthyFor =
                seen.isHealthy ? .zero : world.now - (wellAt[member.id] ?? world.now)
            return seen
        }
    }

    private func candidates(_ leader: Int, _ world: World) -> [Candidate] {
        joined.sorted().map { node in
            let isReachable = runs(node, world) && world.network.talk(leader, node)
            return Candidate(
                peer: world.nodes[node].peer, isReachable: isReachable,
                unreachableFor: isReachable ? .zero : world.now - (reachedAt[node] ?? .zero),
                isLeaving: leaving.contains(node), isInMaintenance: inMaintenance.contains(node))
        }
    }

    func mayLeave(_ node: Int, _ world: World) -> Bool {
        guard let leader, hasQuorum(leader, world) else { return false }
        return MembershipPlan.refusal(
            removing: world.nodes[node].peer, members: seen(by: leader, world),
            candidates: candidates(leader, world), force: false) == nil
    }

    private func carryOut(_ step: MembershipStep, _ world: World) {
        switch step {
        case .nothing, .wait: return
        case .addLearner(let peer): add(peer, isLearner: true, world)
        case .promote(let id, _):
            guard let index = members.firstIndex(where: { $0.id == id }),
                world.now >= caughtUpAt[id] ?? .zero
            else { return }
            members[index].isLearner = false
        case .remove(let id, _, _): members.removeAll { $0.id == id }
        case .moveLeader(_, let peer): leader = Int(peer.low) - 1
        }
        world.history.steps += 1
        world.trace("etcd: \(step)")
    }

    /// After a quiet time: as many voters as should be.
    func checkAtRest(_ world: World) {
        let wanted = MembershipPlan.votersWanted(peers: joined.count, settings: settings)
        guard let leader, hasQuorum(leader, world), voters.count == wanted else {
            return world.history.violated(
                "\(voters.count) voters of \(joined.count) peers at rest, leader \(leader ?? -1)")
        }
    }

    // MARK: Watches

    /// Tells every mirror, sooner or later.
    private func push(_ world: World) {
        guard let leader else { return }
        let snapshot = world.store.current
        for node in world.hosts {
            for mirror in [node.rest?.mirror, node.brickd?.mirror].compactMap({ $0 }) {
                world.send(from: leader, to: node.index) {
                    world.after(.zero, in: mirror.run) { mirror.take(snapshot) }
                }
            }
        }
    }
}
