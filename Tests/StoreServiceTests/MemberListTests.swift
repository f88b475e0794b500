import EtcdAPI
import StoreAPI
import SwiftProtobuf
import Synchronization
import Testing

@testable import StoreService

@Suite struct MemberListTests {
    /// An etcd with one member more at each answer; it may be away.
    private final class Etcd: Sendable {
        let asked = Mutex(0)
        let isAway = Mutex(false)

        func members() throws -> [Etcdserverpb_Member] {
            if isAway.withLock({ $0 }) { throw StoreError.timedOut }
            let count = asked.withLock { asked in
                asked += 1
                return asked
            }
            return (0..<count).map { index in .with { $0.id = UInt64(index) } }
        }
    }

    private static func status(
        cluster: UInt64 = 1, term: UInt64 = 2, applied: UInt64
    ) -> Etcdserverpb_StatusResponse {
        .with {
            $0.header = .with { $0.clusterID = cluster }
            $0.raftTerm = term
            $0.raftAppliedIndex = applied
        }
    }

    @Test func etcdIsAskedAgainWhenItHasAppliedSomething() async throws {
        let etcd = Etcd()
        let list = MemberList { try etcd.members() }
        #expect(try await list.members(at: Self.status(applied: 7)).count == 1)
        #expect(try await list.members(at: Self.status(applied: 7)).count == 1)
        #expect(try await list.members(at: Self.status(applied: 8)).count == 2)
        #expect(try await list.members(at: Self.status(applied: 8)).count == 2)
    }

    @Test func aStoreThatWasRestoredIsAskedAgain() async throws {
        let etcd = Etcd()
        let list = MemberList { try etcd.members() }
        #expect(try await list.members(at: Self.status(applied: 7)).count == 1)
        #expect(try await list.members(at: Self.status(term: 3, applied: 7)).count == 2)
        #expect(try await list.members(at: Self.status(cluster: 9, term: 3, applied: 7)).count == 3)
    }

    @Test func whatCouldNotBeAskedIsNotRemembered() async throws {
        let etcd = Etcd()
        let list = MemberList { try etcd.members() }
        #expect(try await list.members(at: Self.status(applied: 7)).count == 1)
        etcd.isAway.withLock { $0 = true }
        await #expect(throws: StoreError.self) {
            try await list.members(at: Self.status(applied: 8))
        }
        etcd.isAway.withLock { $0 = false }
        #expect(try await list.members(at: Self.status(applied: 8)).count == 2)
    }
}
