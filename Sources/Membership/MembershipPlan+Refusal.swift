public import GlusterModel

extension MembershipPlan {
    /// Why `peer` cannot be taken out of the cluster now, with the quorum arithmetic and the safe
    /// order; nil when it can. With `force` only what would never come to an end is refused: a
    /// healthy voter then goes after the dead ones have been replaced or are back.
    public static func refusal(
        removing peer: PeerID, members: [Member], candidates: [Candidate], force: Bool
    ) -> String? {
        let census = Census(members, candidates, MembershipSettings())
        let name = census.name(peer)
        if !census.hasQuorum, !members.isEmpty {
            return "\(census.arithmetic): no peer can be removed until one of "
                + "\(census.names(census.dead)) is back; if they are lost for ever, recover the "
                + "cluster on a survivor first (glustercli cluster recover)"
        }
        guard let member = census.voters.first(where: { $0.peer == peer }) else { return nil }
        let others = census.kept.filter { $0.peer != peer && $0.isUsable }
        let learners = census.learners.filter { $0.peer != peer && $0.isUsable }
        let free = census.free.filter { $0.peer != peer }
        if others.isEmpty, learners.isEmpty, free.isEmpty {
            return "\(census.arithmetic): \(name) is the last voter, and no other peer is within "
                + "reach to take over; first bring another peer's gd2-store and gd2-etcd up"
        }
        let dead = census.dead.filter { $0.peer != peer }
        guard !force, member.isUsable, !dead.isEmpty else { return nil }
        let left = Census.arithmetic(census.voters.count - 1, census.healthy - 1)
        return "\(census.arithmetic): removing \(name) would leave \(left), and "
            + "\(census.names(dead)) \(dead.count == 1 ? "does" : "do") not answer; first bring "
            + "\(dead.count == 1 ? "it" : "them") back, or remove \(census.names(dead)), then "
            + "\(name); force takes \(name) out when that is safe"
    }
}
