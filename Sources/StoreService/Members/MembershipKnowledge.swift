import GlusterModel
import Membership
import StoreAPI

extension MembershipKeeper {
    /// Members and candidates as this node knows them, whether it leads or not.
    func known() -> ([Membership.Member], [Candidate]) {
        let members = node.peers.members.members.map { member in
            Membership.Member(
                id: member.id, peer: member.peer, isLearner: member.isLearner, isLeader: false,
                isStarted: true, isHealthy: isServing(member.peer, member.id),
                unhealthyFor: .zero)
        }
        return (members, candidates())
    }
}
