import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreMirror
import StoreTesting
import Testing

@testable import RESTService

/// A peer that is removed while a volume is made on it: one of the two is refused.
@Suite struct PeerGuardTests {
    private static let peer = PeerID(high: 7, low: 7)

    private static func holds(_ conditions: [Compare], _ rest: RESTFixture) async throws -> Bool {
        try await rest.store.txn(if: conditions, then: []).succeeded
    }

    @Test func bricksAreCommittedOnlyOnPeersThatStay() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            let keys = try await rest.store.identity().keys
            let conditions = try PeerGuard.conditions(for: [Self.peer], rest.mirror.view)
            #expect(try await Self.holds(conditions, rest))
            // An edit of the peer is no reason.
            try await rest.addPeer("renamed")
            #expect(try await Self.holds(conditions, rest))
            let lock = keys.lock(PeerGuard.object)
            _ = try await rest.store.txn(if: [], then: [.put(key: lock, value: [])])
            #expect(try await !Self.holds(conditions, rest))
            _ = try await rest.store.txn(
                if: [], then: [.delete(key: lock), .delete(key: keys.peer(Self.peer))])
            #expect(try await !Self.holds(conditions, rest))
            try await rest.addPeer("again")
            #expect(try await !Self.holds(conditions, rest))
        }
    }

    @Test func aRemovalHoldsTheLockAndGivesItBack() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            #expect(try await rest.send(.delete, "/v1/peers/n2").status == 204)
            #expect(await rest.cluster.lockSeen)
            let key = try await rest.store.identity().keys.lock(PeerGuard.object)
            #expect(try await rest.store.get(key) == nil)
        }
    }

    /// It would keep everybody from removing peers, and from making volumes.
    @Test func aLockWhoseTakingWasNotAnsweredDoesNotStay() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            _ = try await node.session.require()
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            node.store.loseAnswer(toWriting: cluster.keys.lock(PeerGuard.object))
            await #expect(throws: StoreError.timedOut) {
                try await PeerGuard.removing(node.volumes) {}
            }
            #expect(try await cluster.until { try await cluster.count(cluster.keys.locks) == 0 })
            try await PeerGuard.removing(node.volumes) {}
        }
    }

    @Test func aRemovalWaitsForNoOther() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            let identity = try await rest.store.identity()
            let other = Session.Current(id: IncarnationID(high: 9, low: 9), lease: 0)
            _ = try await ObjectLock.take(
                .init(object: PeerGuard.object, operation: "remove-peer", job: nil),
                session: other, identity: identity, store: rest.store)
            let answer = try await rest.send(.delete, "/v1/peers/n2")
            #expect(answer.status == 409)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(
                message.contains("peers is locked by another change (remove-peer"), "\(message)")
            #expect(await rest.cluster.asked.isEmpty)
        }
    }
}
