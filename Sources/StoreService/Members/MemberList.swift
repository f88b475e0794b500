import EtcdAPI
import GRPCCore
import Synchronization

/// The members of this node's etcd. They are asked for only where it has applied something since:
/// each change of a member is an entry of Raft's.
final class MemberList: Sendable {
    private struct Known {
        var at: [UInt64]
        var members: [Etcdserverpb_Member]
    }
    private let etcd: EtcdConnection
    private let known = Mutex<Known?>(nil)

    init(_ etcd: EtcdConnection) { self.etcd = etcd }

    /// As they are at `status` or later.
    func members(at status: Etcdserverpb_StatusResponse) async throws -> [Etcdserverpb_Member] {
        // The term, since a restored store counts from the beginning.
        let at = [status.header.clusterID, status.raftTerm, status.raftAppliedIndex]
        if let known = known.withLock({ $0 }), known.at == at { return known.members }
        var options = EtcdConnection.options
        options.timeout = Limits.upstreamLook
        let members = try await etcd.cluster.memberList(.init(), options: options).members
        known.withLock { $0 = Known(at: at, members: members) }
        return members
    }
}
