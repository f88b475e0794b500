import EtcdAPI
import Synchronization

/// The members of this node's etcd. They are asked for only where it has applied something since:
/// each change of a member is an entry of Raft's.
final class MemberList: Sendable {
    private struct Known {
        var at: [UInt64]
        var members: [Etcdserverpb_Member]
    }
    private let ask: @Sendable () async throws -> [Etcdserverpb_Member]
    private let known = Mutex<Known?>(nil)

    /// `ask` is its etcd's answer.
    init(ask: @escaping @Sendable () async throws -> [Etcdserverpb_Member]) { self.ask = ask }

    /// As they are at `status` or later.
    func members(at status: Etcdserverpb_StatusResponse) async throws -> [Etcdserverpb_Member] {
        // The term, since a restored store counts from the beginning.
        let at = [status.header.clusterID, status.raftTerm, status.raftAppliedIndex]
        if let known = known.withLock({ $0 }), known.at == at { return known.members }
        let members = try await ask()
        known.withLock { $0 = Known(at: at, members: members) }
        return members
    }
}
