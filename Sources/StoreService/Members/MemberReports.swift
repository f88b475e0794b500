import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import StoreAPI

/// The members as etcd lists them, and what is known of each.
struct MemberReports: Sendable {
    let node: NodeParts
    let etcd: EtcdConnection
    let liveness: Liveness

    var all: [StoreMember] {
        get async {
            var options = EtcdConnection.options
            options.timeout = Limits.upstreamLook / 2
            let status = try? await etcd.maintenance.status(.init(), options: options)
            return node.peers.members.members.map { member in
                var report = StoreMember(
                    id: String(member.id, radix: 16), peer: member.peer,
                    isLearner: member.isLearner, isLeader: status?.leader == member.id,
                    isHealthy: false)
                if member.peer == node.own, let status {
                    report.isHealthy = true
                    report.version = status.version
                    report.databaseBytes = UInt64(max(0, status.dbSize))
                    report.raftIndex = status.raftIndex
                } else if member.peer != node.own {
                    let seen = liveness.of(member.peer)
                    report.isHealthy = seen.isReachable && seen.memberRuns
                    report.message = seen.message
                    if seen.isReachable, !seen.memberRuns {
                        report.message = "its etcd does not answer"
                    }
                } else {
                    report.message = "its etcd does not answer: see systemctl status gd2-etcd"
                }
                return report
            }
        }
    }
}
