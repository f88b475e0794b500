import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import StoreTesting
import Synchronization
import Testing
import Transaction

@testable import RESTService

/// A node without power during a transaction: nobody waits for it, and it is told later.
@Suite struct LeftToCleanTests {
    private static let dead = Coordinator.peer(2)

    private static func left(_ cluster: SharedCluster) async throws -> [Leftover] {
        try await cluster.store.list(prefix: cluster.keys.leftovers).values.map {
            try RecordCoding.decode(Leftover.self, from: $0.value)
        }
    }

    private static func isSettled(_ cluster: SharedCluster) async throws -> Bool {
        let keys = cluster.keys
        let journals = try await cluster.store.list(prefix: keys.transactions).values
            .count { !$0.key.hasPrefix(keys.leftovers) }
        let locks = try await cluster.count(keys.locks)
        let haveEnded = try await cluster.jobs().allSatisfy(\.state.hasEnded)
        return journals == 0 && locks == 0 && haveEnded
    }

    /// What is settled in the store the node itself sees a moment later.
    private static func catchUp(_ node: Coordinator, _ cluster: SharedCluster) async throws {
        _ = try await node.mirror.wait(for: cluster.store.revision, timeout: .seconds(30))
    }

    @Test func aNodeThatDiesBeforeTheUndoIsLeftToItself() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            cluster.nodes.marks.withLock { _ = $0.away.insert(Self.dead) }
            let error = await #expect(throws: GD2Error.self) { try await node.create("gv0") }
            #expect(error?.code == .unavailable)
            #expect(try await cluster.until { try await Self.isSettled(cluster) })
            let left = try await Self.left(cluster)
            #expect(left.map(\.peer) == [Self.dead] && left.first?.isUndo == true)
            #expect(left.first?.sinceMs != nil)
            // What the living node did is undone, and the name is free.
            #expect(cluster.nodes.prepared.isEmpty)
            cluster.nodes.marks.withLock { $0.away = [] }
            try await Self.catchUp(node, cluster)
            try await node.create("gv0")
        }
    }

    @Test(arguments: [true, false])
    func aDeletedVolumesNameIsFreeThoughANodeIsAway(isKnown: Bool) async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            try await node.create("gv0")
            cluster.nodes.marks.withLock { marks in
                if isKnown { marks.away = [Self.dead] } else { marks.silent = [Self.dead] }
            }
            // One that is only silent is waited for a little, and its client told so.
            try? await node.volumes.delete("gv0", Asked(by: "test"))
            #expect(try await cluster.until { try await Self.isSettled(cluster) })
            let left = try await Self.left(cluster)
            #expect(left.map(\.peer) == [Self.dead] && left.first?.isUndo == false)
            let job = try #require(try await cluster.jobs().first { $0.id == left.first?.job })
            #expect(job.state == .done)
            try await Self.catchUp(node, cluster)
            let seen = LeftToClean(node.mirror.view)
            #expect(seen.of(Self.dead).first?.bricks == ["/bricks/gv0"])
            #expect(
                seen.of(job.id, ClusterNames(view: node.mirror.view))
                    == ["peer n2 cleans up /bricks/gv0 when it is back"])
            #expect(try await cluster.count(cluster.keys.volumeNames) == 0)
        }
    }

    @Test func whatWasLeftToARemovedPeerIsForgotten() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            try await node.create("gv0")
            cluster.nodes.marks.withLock { _ = $0.away.insert(Self.dead) }
            try await node.volumes.delete("gv0", Asked(by: "test"))
            #expect(try await Self.left(cluster).count == 1)
            _ = try await cluster.store.txn(
                if: [], then: [.delete(key: cluster.keys.peer(Self.dead))])
            #expect(try await cluster.until { try await Self.left(cluster).isEmpty })
        }
    }
}
