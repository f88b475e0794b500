import GlusterModel
import StoreAPI

/// Why the store takes no changes, with the arithmetic of its voters by the last probes.
enum QuorumText {
    static func of(_ node: NodeParts, _ liveness: Liveness) -> String {
        guard !node.isExternal else {
            let names = node.peers.otherVoters.map { node.peers.peer($0)?.name ?? "\($0)" }
            return
                "the store is an external etcd, which this node reaches through others, and none "
                + "of them answers for it: \(names.sorted().joined(separator: ", "))"
        }
        let voters = voters(node)
        let isMember = node.peers.members.members.contains { $0.peer == node.own }
        guard voters.count > 1 || !isMember else {
            return "etcd does not answer: see systemctl status gd2-etcd"
        }
        let needed = voters.count / 2 + 1
        let silent = silent(of: voters, node, liveness)
        let names = silent.map { node.peers.peer($0.peer)?.name ?? "\($0.peer)" }.sorted()
        let up = voters.count - silent.count
        let who = names.isEmpty ? "" : ", not \(names.joined(separator: ", "))"
        let arithmetic =
            "\(needed) of \(voters.count) voters are needed and \(up) "
            + (up == 1 ? "answers" : "answer") + who
        return up < needed
            ? "the store has no quorum: \(arithmetic)"
            : "the voters of the store choose who leads, which takes some seconds: \(arithmetic)"
    }

    /// Whether enough of several voters answer: if they have no leader, they choose one.
    static func isElecting(_ node: NodeParts, _ liveness: Liveness) -> Bool {
        let voters = voters(node)
        let up = voters.count - silent(of: voters, node, liveness).count
        return !node.isExternal && voters.count > 1 && up >= voters.count / 2 + 1
    }

    private static func voters(_ node: NodeParts) -> [StoredMembers.Member] {
        node.peers.members.members.filter { !$0.isLearner }
    }

    private static func silent(
        of voters: [StoredMembers.Member], _ node: NodeParts, _ liveness: Liveness
    ) -> [StoredMembers.Member] {
        voters.filter { voter in
            if voter.peer == node.own { return false }
            let seen = liveness.of(voter.peer)
            return !seen.isReachable || !seen.memberRuns
        }
    }
}
