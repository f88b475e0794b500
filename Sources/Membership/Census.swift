import GlusterModel

/// Members and peers sorted by what is to become of them.
struct Census {
    let settings: MembershipSettings
    let candidates: [PeerID: Candidate]
    let voters: [Member]
    /// Voters that may stay: one for each eligible peer.
    let kept: [Member]
    /// Voters and learners that must go: of no peer, of a leaving peer, of one that is to stay a
    /// client, or a second member of a peer.
    let going: [(member: Member, why: String)]
    /// Learners that may stay; etcd 3.4 has at most one.
    let learners: [Member]
    let leader: Member?
    /// Peers that can be given a member now, the best first.
    let free: [Candidate]

    init(_ members: [Member], _ candidates: [Candidate], _ settings: MembershipSettings) {
        self.settings = settings
        let byPeer = Dictionary(candidates.map { ($0.peer, $0) }) { first, _ in first }
        self.candidates = byPeer
        voters = members.filter { !$0.isLearner }
        leader = members.first(where: \.isLeader)
        var kept: [Member] = []
        var learners: [Member] = []
        var going: [(Member, String)] = []
        var seen: Set<PeerID> = []
        for member in members.sorted(by: Self.isBetter) {
            guard let peer = member.peer, let candidate = byPeer[peer] else {
                going.append((member, "it is of no peer of this cluster"))
                continue
            }
            if candidate.isLeaving {
                going.append((member, "its peer leaves the cluster"))
            } else if !candidate.mayVote {
                going.append((member, "its peer is to be no voter"))
            } else if !seen.insert(peer).inserted {
                going.append((member, "its peer has another member"))
            } else if member.isLearner {
                learners.append(member)
            } else {
                kept.append(member)
            }
        }
        self.kept = kept
        self.learners = learners
        self.going = going
        free = Self.ranked(
            candidates.filter { $0.isAvailable && !seen.contains($0.peer) },
            beside: kept.compactMap { $0.peer.flatMap { byPeer[$0] } })
    }

    /// Which of two members of one peer is kept.
    private static func isBetter(_ left: Member, _ right: Member) -> Bool {
        func rank(_ member: Member) -> Int {
            if member.isLeader { return 0 }
            return (member.isUsable ? 0 : 2) + (member.isLearner ? 2 : 1)
        }
        return (rank(left), left.id) < (rank(right), right.id)
    }

    /// A witness first where two data nodes vote and none else, then a new zone, then data nodes.
    private static func ranked(_ free: [Candidate], beside voters: [Candidate]) -> [Candidate] {
        let zones = Set(voters.map(\.zone).filter { !$0.isEmpty })
        let wantsWitness = voters.count == 2 && !voters.contains(where: \.isWitness)
        func rank(_ candidate: Candidate) -> (Int, Int, Int) {
            (
                wantsWitness && candidate.isWitness ? 0 : 1,
                candidate.zone.isEmpty || zones.contains(candidate.zone) ? 1 : 0,
                candidate.isWitness ? 1 : 0
            )
        }
        return free.sorted { left, right in
            let (one, other) = (rank(left), rank(right))
            return one == other ? left.peer < right.peer : one < other
        }
    }

    // MARK: Arithmetic

    static func quorum(_ voters: Int) -> Int { voters / 2 + 1 }

    var healthy: Int { voters.count(where: \.isUsable) }
    var hasQuorum: Bool { healthy >= Self.quorum(voters.count) }
    var dead: [Member] { voters.filter { !$0.isUsable } }

    /// Peers that count for how many voters there should be: those with a member, and clients that
    /// are not away for long, for the others would wait for them in vain.
    var counted: Int {
        let members = Set((kept + learners).map(\.peer))
        return candidates.values.count { candidate in
            let isAway = candidate.unreachableFor >= settings.replaceAfter
            return candidate.isEligible
                && (members.contains(candidate.peer) || candidate.isAvailable
                    || !candidate.isInMaintenance && !isAway)
        }
    }

    /// How many voters there should be.
    var target: Int { MembershipPlan.votersWanted(peers: counted, settings: settings) }

    /// Whether the quorum of those left is there without `member`.
    func canSpare(_ member: Member) -> Bool {
        guard hasQuorum else { return false }
        if member.isLearner { return true }
        let left = healthy - (member.isUsable ? 1 : 0)
        return voters.count > 1 && left >= Self.quorum(voters.count - 1)
    }

    // MARK: Words

    func name(_ peer: PeerID) -> String {
        guard let name = candidates[peer]?.name, !name.isEmpty else { return peer.description }
        return name
    }

    func name(_ member: Member) -> String {
        member.peer.map(name) ?? "member \(String(member.id, radix: 16))"
    }

    func names(_ members: [Member]) -> String { members.map(name).sorted().joined(separator: ", ") }

    /// "3 voters, 2 healthy, quorum 2".
    var arithmetic: String { Self.arithmetic(voters.count, healthy) }

    static func arithmetic(_ voters: Int, _ healthy: Int) -> String {
        "\(voters) voter\(voters == 1 ? "" : "s"), \(healthy) healthy, quorum \(quorum(voters))"
    }

    static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        return seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
    }
}
