import GlusterModel
import Membership

/// Which of Raft's times a member runs with.
extension MembershipKeeper {
    /// Which member a node runs, and what it was told of it.
    func running(_ peer: PeerID) async -> (member: UInt64, digest: String) {
        guard peer == node.own else {
            let seen = liveness.of(peer)
            return (seen.member, seen.roleDigest)
        }
        let record = await node.role.record
        return (record?.member ?? 0, record?.digest ?? "")
    }

    /// What a node that founds its cluster runs with until it is told: the times of one alone,
    /// which it keeps when another comes before that.
    static let digestOfFounder = "founder/\(RaftTimes.alone.rawValue)"

    private static func times(of digest: String) -> RaftTimes? {
        let parts = digest.split(separator: "/")
        return parts.count > 1 ? RaftTimes(rawValue: String(parts[1])) : nil
    }

    func times(
        of member: Membership.Member, running digest: String, among members: [Membership.Member]
    ) -> RaftTimes {
        RaftTimes.of(
            member, running: Self.times(of: digest), among: members, peers: node.peers.peers.count)
    }

    /// Whether one that was alone takes the times of several now.
    func takesUsualTimes(_ members: [Membership.Member]) async -> Bool {
        for member in members {
            guard let peer = member.peer else { continue }
            let digest = await running(peer).digest
            if Self.times(of: digest) == .alone,
                times(of: member, running: digest, among: members) == .several
            {
                return true
            }
        }
        return false
    }
}
