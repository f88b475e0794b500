import GlusterModel

/// Decides how etcd's membership follows the peers of the cluster: one step at a time, each of
/// which leaves a quorum of healthy voters, and after each the world is looked at anew.
///
/// - A step is taken only while a quorum is healthy, since etcd could not commit it otherwise.
/// - A voter is added only while all are healthy: with one of three dead, a fourth raises the
///   quorum to three, and so makes the store depend on the dead one's replacement. The dead one is
///   taken out first, which never lowers what can be lost: of 3 voters with 2 healthy, quorum 2,
///   it makes 2 with 2, quorum 2. (etcd's strict-reconfig-check refuses the other order too.)
/// - An even number is only ever on the way to an odd one. From 1 to 3 leads through 2, where any
///   death stops the store: begun only when the third is within reach, and gone back from when it
///   stays away. From 3 to 1 likewise, and only while all are healthy.
/// - A healthy voter that goes is replaced before, a dead one after; one that never comes back, at
///   once.
public struct MembershipPlan {
    private let census: Census
    private var settings: MembershipSettings { census.settings }

    private init(_ census: Census) { self.census = census }

    /// How many of `peers` peers, none of them leaving, vote: 1 of 1 or 2 (then the other learns),
    /// 3 of 3 or 4, from 5 on 3, 5 or 7 as the settings say.
    public static func votersWanted(peers: Int, settings: MembershipSettings) -> Int {
        switch peers {
        case ...0: 0
        case 1...2: 1
        case 3...4: 3
        case 5...6: min(5, settings.votersMax)
        default: min(7, settings.votersMax)
        }
    }

    /// What to do now, or why there is nothing that could be done.
    public static func next(
        members: [Member], candidates: [Candidate], settings: MembershipSettings
    ) -> MembershipStep {
        let plan = MembershipPlan(Census(members, candidates, settings))
        let census = plan.census
        guard !members.isEmpty, !candidates.isEmpty else {
            return .wait("neither members nor peers are known yet")
        }
        guard census.hasQuorum else {
            return .wait(
                "\(census.arithmetic): etcd can change nothing until one of "
                    + "\(census.names(census.dead)) is back")
        }
        guard census.leader != nil else { return .wait("etcd has no leader just now") }
        if let member = members.first(where: \.isGivenUp) {
            return plan.remove(member, "its node has given up its data")
        }
        if !census.dead.isEmpty { return plan.withDeadVoters() }
        if let step = plan.tidyLearners() { return step }
        return plan.fit()
    }

    // MARK: Dead voters

    /// Some voters are dead, fewer than would stop the store: nothing is added now.
    private func withDeadVoters() -> MembershipStep {
        if let (member, why) = census.going.first(where: { isDead($0.member) }) {
            return remove(member, why)
        }
        let dead = census.dead
        // Of too many, the dead one goes: those left then need no more of the healthy ones.
        if census.kept.count > census.target, let member = dead.first {
            return remove(member, tooMany)
        }
        let step = replace(dead)
        // Waiting for a voter is no reason to keep a learner that must go.
        if case .wait = step, let (member, why) = census.going.first(where: \.member.isLearner) {
            return remove(member, why)
        }
        return step
    }

    private func replace(_ dead: [Member]) -> MembershipStep {
        guard let member = dead.first, dead.count == 1, let peer = member.peer else {
            return wait("\(census.names(dead)) do not answer: none is replaced until one is back")
        }
        let name = census.name(member)
        if census.candidates[peer]?.isInMaintenance == true {
            return wait("\(name) is in maintenance and not replaced")
        }
        guard member.unhealthyFor >= settings.replaceAfter else {
            return wait(
                "\(name) has not answered for \(Census.text(member.unhealthyFor)) and is replaced "
                    + "after \(Census.text(settings.replaceAfter))")
        }
        let gone = "it has not answered for \(Census.text(member.unhealthyFor))"
        let isReplaceable = !census.free.isEmpty || census.learners.contains(where: \.isUsable)
        if isReplaceable || census.voters.count.isMultiple(of: 2) { return remove(member, gone) }
        return wait(
            "\(name) has not answered for \(Census.text(member.unhealthyFor)), and no other peer "
                + "is within reach to take its place")
    }

    private func isDead(_ member: Member) -> Bool { !member.isLearner && !member.isUsable }

    // MARK: Learners

    /// Takes out learners that are of no use; nil when none is.
    private func tidyLearners() -> MembershipStep? {
        if let (member, why) = census.going.first(where: \.member.isLearner) {
            return remove(member, why)
        }
        guard let learner = census.learners.first else { return nil }
        if census.learners.count > 1, let other = census.learners.last {
            return remove(other, "there is another learner")
        }
        let isStandby = census.target == 1 && census.counted > 1
        if census.kept.count > census.target || census.kept.count == census.target && !isStandby {
            return remove(learner, "there are voters enough")
        }
        let isInMaintenance = learner.peer.flatMap { census.candidates[$0]?.isInMaintenance }
        if !learner.isUsable, learner.unhealthyFor >= settings.replaceAfter,
            isInMaintenance != true
        {
            let verb = learner.isStarted ? "answered" : "started"
            return remove(
                learner, "it has not \(verb) for \(Census.text(learner.unhealthyFor))")
        }
        return nil
    }

    // MARK: All voters are healthy

    /// Grows, takes out, shrinks, in this order.
    private func fit() -> MembershipStep {
        let (kept, target) = (census.kept.count, census.target)
        let within = kept + census.free.count + census.learners.count
        let goal = min(target, within.isMultiple(of: 2) ? within - 1 : within)
        if kept < goal { return grow() }
        if let step = takeOut(isComplete: kept >= target) { return step }
        if kept > target {
            guard let member = leastNeeded() else { return .nothing }
            return remove(member, tooMany)
        }
        if target == 1, census.counted > 1 { return standby() }
        if kept < target {
            let missing = target - kept
            return wait("\(missing) more peer\(missing == 1 ? "" : "s") should vote: \(absent)")
        }
        return .nothing
    }

    private func grow() -> MembershipStep {
        guard let learner = census.learners.first, let peer = learner.peer else {
            return census.free.first.map { .addLearner($0.peer) } ?? .nothing
        }
        guard learner.isUsable else { return waitFor(learner) }
        return .promote(member: learner.id, peer)
    }

    /// The next healthy voter that must go; nil when there is none. With `isComplete` false those
    /// left would be fewer than wanted: then only to an odd number of them, since of two voters
    /// none may die.
    private func takeOut(isComplete: Bool) -> MembershipStep? {
        let going = census.going.filter { !$0.member.isLearner }
        guard let (member, why) = going.first(where: { !$0.member.isLeader }) ?? going.first
        else { return nil }
        let left = census.voters.count - 1
        if left == 0 {
            return wait(
                "\(census.name(member)) is the last voter and stays until another can take over: "
                    + absent)
        }
        if !isComplete, left.isMultiple(of: 2), left == census.kept.count {
            return wait(
                "without \(census.name(member)) there would be "
                    + "\(Census.arithmetic(left, left)): it stays until another peer can vote, "
                    + "or those out of reach stay away for "
                    + "\(Census.text(settings.replaceAfter)): \(absent)")
        }
        guard member.isLeader else { return remove(member, why) }
        guard let successor = census.kept.first, let peer = successor.peer else {
            return wait("\(census.name(member)) leads, and no voter that stays can take over")
        }
        return .moveLeader(to: successor.id, peer)
    }

    /// Of voters too many: never the leader; one that shares its zone, then one that is in
    /// maintenance.
    private func leastNeeded() -> Member? {
        let zones = census.kept.compactMap { candidate($0)?.zone }
        func rank(_ member: Member) -> (Int, Int, UInt64) {
            let zone = candidate(member)?.zone ?? ""
            return (
                zones.count { $0 == zone }, candidate(member)?.isInMaintenance == true ? 1 : 0,
                member.id
            )
        }
        return census.kept.filter { !$0.isLeader }.max { rank($0) < rank($1) }
    }

    private func candidate(_ member: Member) -> Candidate? {
        member.peer.flatMap { census.candidates[$0] }
    }

    /// The second of two peers learns: it has all that was written, and recovery starts from it.
    private func standby() -> MembershipStep {
        if let learner = census.learners.first {
            return learner.isUsable ? .nothing : waitFor(learner)
        }
        if let candidate = census.free.first { return .addLearner(candidate.peer) }
        return wait("another peer should keep a copy of the store: \(absent)")
    }

    // MARK: Words

    private func waitFor(_ learner: Member) -> MembershipStep {
        wait(
            "the learner on \(census.name(learner)) has not "
                + "\(learner.isStarted ? "answered" : "started") for "
                + "\(Census.text(learner.unhealthyFor))")
    }

    private func wait(_ reason: String) -> MembershipStep {
        .wait("\(census.arithmetic): \(reason)")
    }

    private var tooMany: String {
        "\(census.kept.count) vote, and \(census.target) should of "
            + "\(census.counted) peer\(census.counted == 1 ? "" : "s")"
    }

    /// Who could take part and does not answer.
    private var absent: String {
        let absent = census.candidates.values.filter { candidate in
            candidate.isEligible && !candidate.isAvailable
                && !census.kept.contains { $0.peer == candidate.peer }
        }
        if absent.isEmpty { return "no other peer may vote" }
        return absent.sorted { $0.peer < $1.peer }.map { candidate in
            let why = candidate.isReachable ? "in maintenance" : "out of reach"
            return "\(census.name(candidate.peer)) is \(why)"
        }.joined(separator: ", ")
    }

    private func remove(_ member: Member, _ reason: String) -> MembershipStep {
        guard census.canSpare(member) else {
            return wait("\(census.name(member)) should go, and cannot be spared now")
        }
        return .remove(member: member.id, member.peer, reason: reason)
    }
}
