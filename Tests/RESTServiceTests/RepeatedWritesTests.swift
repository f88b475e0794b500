import StoreAPI
import StoreMirror
import StoreTesting
import Synchronization
import Testing

@testable import RESTService

/// Small writes that are made again when no answer comes.
@Suite struct RepeatedWritesTests {
    private static func with(
        _ body: (SharedCluster, Coordinator, _ key: String, _ known: Int64) async throws -> Void
    ) async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            let key = cluster.keys.prefix + "options/x"
            let known = try await cluster.store.txn(if: [], then: [.put(key: key, value: [1])])
            try await body(cluster, node, key, known.revision)
        }
    }

    @Test func oneWhoseAnswerIsLostIsDoneOnce() async throws {
        try await Self.with { cluster, node, key, known in
            node.store.loseAnswer(toWriting: key)
            let result = try await node.volumes.local.write(
                [2], at: key, if: [.modRevision(key: key, equals: known)],
                then: [.put(key: key, value: [2])])
            #expect(result.succeeded)
            let found = try await cluster.store.get(key)
            #expect(found?.value == [2])
            #expect(found?.modRevision == result.revision)
            let made = node.store.writes.withLock { writes in
                writes.count { write in
                    write.operations.contains {
                        if case .put(let written, _, _) = $0 { written == key } else { false }
                    }
                }
            }
            #expect(made == 1)
        }
    }

    @Test func anothersThatWasFasterIsNotTakenForOurs() async throws {
        try await Self.with { cluster, node, key, known in
            node.store.isCut = true
            async let result = node.volumes.local.write(
                [2], at: key, if: [.modRevision(key: key, equals: known)],
                then: [.put(key: key, value: [2])])
            _ = try await cluster.store.txn(if: [], then: [.put(key: key, value: [9])])
            node.store.isCut = false
            #expect(try await !result.succeeded)
            #expect(try await cluster.store.get(key)?.value == [9])
        }
    }

    @Test func oneThatIsRefusedIsNotMadeAgain() async throws {
        try await Self.with { cluster, node, key, known in
            let result = try await node.volumes.local.write(
                [2], at: key, if: [.modRevision(key: key, equals: known + 1)],
                then: [.put(key: key, value: [2])])
            #expect(!result.succeeded)
            #expect(try await cluster.store.get(key)?.value == [1])
        }
    }
}
