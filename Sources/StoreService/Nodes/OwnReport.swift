import Certificates
import EtcdAPI
import EtcdProcess
import FoundationEssentials
import GRPCCore
import GlusterModel
import Membership
import NodeAPI
import StoreAPI
import SwiftProtobuf
import X509

/// What this node says of itself, to its own programs and to other nodes.
struct OwnReport: Sendable {
    let node: NodeParts
    let etcd: EtcdConnection
    let membership: MembershipKeeper
    let snapshots: SnapshotFolder
    /// Of its own etcd.
    let local: EtcdCertificates

    var now: NodeReport {
        get async {
            let isMember = await node.role.record?.member != nil
            return NodeReport(
                member: isMember ? await member : nil, plan: plan,
                isOpenToJoin: node.configuration.openJoin, snapshotTaken: snapshots.newest,
                snapshotHours: node.configuration.snapshotHours,
                certificates: certificates(isMember: isMember))
        }
    }

    private var member: NodeReport.Member? {
        get async {
            var options = EtcdConnection.options
            options.timeout = Limits.upstreamLook / 2
            guard let status = try? await etcd.maintenance.status(.init(), options: options) else {
                return nil
            }
            return NodeReport.Member(
                id: status.header.memberID, leader: status.leader == 0 ? nil : status.leader,
                version: status.version, databaseBytes: UInt64(max(0, status.dbSize)),
                quotaBytes: UInt64(max(0, node.configuration.etcdQuotaBytes)),
                raftIndex: status.raftIndex)
        }
    }

    private var plan: NodeReport.Plan? {
        guard membership.leads else { return nil }
        return NodeReport.Plan(text: membership.plan, votersWanted: votersWanted)
    }

    /// By this node's settings; those of the leader's node count.
    var votersWanted: Int {
        MembershipPlan.votersWanted(
            peers: node.peers.peers.count, settings: membership.settings)
    }

    private func certificates(isMember: Bool) -> [NodeReport.Certificate] {
        let own = node.certificates
        var pairs = [("nodes", own.own)]
        if isMember {
            pairs += [
                ("members", KeyPair(own.directory, "peer")),
                ("etcd", KeyPair(local.directory, "server")),
                ("etcd", KeyPair(local.directory, "client")),
            ]
        }
        return pairs.compactMap { use, pair in
            pair.map {
                NodeReport.Certificate(
                    use: use, expires: Int64($0.certificate.notValidAfter.timeIntervalSince1970))
            }
        }
    }
}
