import GlusterModel
import StoreAPI

/// The members of the Raft engine: who is one by the store, and how it is by its own node.
struct MemberReports: Sendable {
    let node: NodeParts
    let liveness: Liveness
    let reports: NodeReports

    var all: StoreMembers {
        get async {
            let stored = node.peers.members.members
            let asked = await reports.ask(Set(stored.map(\.peer)))
            // The one that is furthest: one that was cut off may still think that it leads.
            let said = asked.values.compactMap(\.report).sorted {
                ($0.member?.raftIndex ?? 0) > ($1.member?.raftIndex ?? 0)
            }
            let plan = said.lazy.compactMap(\.plan).first
            let leader = said.lazy.compactMap(\.member?.leader).first
            let members = stored.map { member in
                report(member, asked[member.peer], isLeader: member.id == leader)
            }
            return StoreMembers(
                members: members, plan: plan?.text ?? "",
                votersWanted: plan?.votersWanted ?? reports.own.votersWanted,
                missing: missing(stored, asked, leader: leader, hasPlan: plan != nil))
        }
    }

    private func report(
        _ member: StoredMembers.Member, _ asked: AskedNode?, isLeader: Bool
    ) -> StoreMember {
        var report = StoreMember(
            id: String(member.id, radix: 16), peer: member.peer, isLearner: member.isLearner,
            isLeader: isLeader, isHealthy: false)
        if let own = asked?.report?.member {
            report.isHealthy = true
            report.version = own.version
            report.databaseBytes = own.databaseBytes
            report.raftIndex = own.raftIndex
        } else if member.peer == node.own {
            report.message = "its etcd does not answer: see systemctl status gd2-etcd"
        } else {
            let seen = liveness.of(member.peer)
            report.isHealthy = seen.isReachable && seen.memberRuns && asked?.report == nil
            report.message = seen.message
            if seen.isReachable, !report.isHealthy { report.message = "its etcd does not answer" }
        }
        return report
    }

    /// Which part of it is left out, and why.
    private func missing(
        _ stored: [StoredMembers.Member], _ asked: [PeerID: AskedNode], leader: UInt64?,
        hasPlan: Bool
    ) -> [String] {
        var missing = stored.compactMap { member -> String? in
            guard let one = asked[member.peer], one.report == nil else { return nil }
            return "version and size of \(name(member.peer)): \(one.message)"
        }.sorted()
        guard !hasPlan else { return missing }
        let why: String
        if let member = stored.first(where: { $0.id == leader }) {
            let said = asked[member.peer].map(\.message) ?? ""
            why = "\(name(member.peer)) leads" + (said.isEmpty ? " since a moment" : ": \(said)")
        } else {
            why = "no node that answers leads: see glustercli peer status"
        }
        missing.append(
            "plan: \(why); the voters wanted are by the settings of \(name(node.own))")
        return missing
    }

    private func name(_ peer: PeerID) -> String { node.peers.peer(peer)?.name ?? "\(peer)" }
}
