import GlusterModel
import SwiftProtobuf

// The reports of nodes, to and from the model.

extension AskedNode {
    init?(_ wire: Gd2_Store_V1_Node) {
        guard let peer = PeerID(wire.peerID) else { return nil }
        self.init(
            peer: peer, report: wire.hasReport ? NodeReport(wire.report) : nil,
            message: wire.message)
    }
}

extension Gd2_Store_V1_Node {
    package init(_ node: AskedNode) {
        self.init()
        peerID = node.peer.description
        if let found = node.report { report = Gd2_Store_V1_NodeReport(found) }
        message = node.message
    }
}

extension NodeReport {
    package init(_ wire: Gd2_Store_V1_NodeReport) {
        self.init(
            member: wire.hasMember
                ? Member(
                    id: wire.member.memberID,
                    leader: wire.member.leaderID == 0 ? nil : wire.member.leaderID,
                    version: wire.member.version, databaseBytes: wire.member.databaseBytes,
                    quotaBytes: wire.member.quotaBytes, raftIndex: wire.member.raftIndex) : nil,
            plan: wire.hasPlan
                ? Plan(text: wire.plan.text, votersWanted: Int(wire.plan.votersWanted)) : nil,
            isOpenToJoin: wire.openJoin,
            snapshotTaken: wire.snapshotUnix == 0 ? nil : wire.snapshotUnix,
            snapshotHours: Int(wire.snapshotHours),
            certificates: wire.certificates.map {
                Certificate(use: $0.use, expires: $0.expiresUnix)
            })
    }
}

extension Gd2_Store_V1_NodeReport {
    package init(_ report: NodeReport) {
        self.init()
        if let found = report.member {
            member = .with {
                $0.memberID = found.id
                $0.leaderID = found.leader ?? 0
                $0.version = found.version
                $0.databaseBytes = found.databaseBytes
                $0.quotaBytes = found.quotaBytes
                $0.raftIndex = found.raftIndex
            }
        }
        if let found = report.plan {
            plan = .with {
                $0.text = found.text
                $0.votersWanted = UInt32(clamping: found.votersWanted)
            }
        }
        openJoin = report.isOpenToJoin
        snapshotUnix = report.snapshotTaken ?? 0
        snapshotHours = UInt32(clamping: report.snapshotHours)
        certificates = report.certificates.map { one in
            .with {
                $0.use = one.use
                $0.expiresUnix = one.expires
            }
        }
    }
}
