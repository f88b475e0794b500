import EtcdAPI
import GRPCCore
import GlusterModel
import Logging
import Membership
import SwiftProtobuf

extension MembershipKeeper {
    /// A node whose build may not write the store's records decides nothing of its members: another
    /// one leads.
    func giveLeadAway(_ members: [Membership.Member]) async throws {
        let present = node.schema.present ?? .max
        let other = members.first { member in
            guard !member.isLearner, !member.isLeader, member.isHealthy, let peer = member.peer
            else { return false }
            return liveness.of(peer).schema >= present
        }
        guard let other else { return }
        var options = EtcdConnection.options
        options.timeout = Limits.memberChange
        _ = try await etcd.maintenance.moveLeader(
            .with { $0.targetID = other.id }, options: options)
        node.log.notice(
            "lead given away", metadata: ["member": "\(String(other.id, radix: 16))"])
    }
}
