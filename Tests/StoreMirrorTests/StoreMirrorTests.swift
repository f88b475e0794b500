import FoundationEssentials
import GlusterModel
import Logging
import StoreAPI
import StoreMirror
import StoreTesting
import Testing

@Suite struct StoreMirrorTests {
    private let store: InMemoryStore
    private let keys: StoreKeys
    private let folder: String

    init() throws {
        var generator = SystemRandomNumberGenerator()
        let identity = StoreIdentity(
            cluster: ClusterID(using: &generator), peer: PeerID(using: &generator), epoch: Epoch(1))
        store = InMemoryStore(identity: identity)
        keys = identity.keys
        folder = TemporaryFolder.make()
    }

    @Test func aViewFollowsTheStoreAndOutlivesIt() async throws {
        defer { TemporaryFolder.remove(folder) }
        let key = keys.prefix + "options/x"
        try await withMirror { mirror in
            let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
            let view = try await mirror.wait(for: done.revision, timeout: .seconds(5))
            #expect(view.values[key]?.value == [1])
            #expect(view.freshness == .current)
        }
        await store.setOutage("away")
        try await withMirror { mirror in
            #expect(mirror.view.values[key]?.value == [1])
            #expect(mirror.view.freshness == .stale(age: nil))
        }
    }

    @Test func aCompactionOrAnEpochListsAnew() async throws {
        defer { TemporaryFolder.remove(folder) }
        let (old, new) = (keys.prefix + "options/old", keys.prefix + "options/new")
        let first = try await store.txn(if: [], then: [.put(key: old, value: [1])])
        try await withMirror { mirror in
            _ = try await mirror.wait(for: first.revision, timeout: .seconds(5))
        }
        _ = try await store.txn(if: [], then: [.delete(key: old)])
        let last = try await store.txn(if: [], then: [.put(key: new, value: [2])])
        await store.compact(to: last.revision)
        try await withMirror { mirror in
            let view = try await mirror.wait(for: last.revision, timeout: .seconds(5))
            #expect(view.values.keys.sorted() == [new])
        }
    }

    private func withMirror(_ body: (StoreMirror) async throws -> Void) async throws {
        let mirror = StoreMirror(
            store: store, prefixes: { [$0.prefix] }, stateFile: folder + "/view",
            log: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            try await body(mirror)
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }
}

private enum TemporaryFolder {
    static func make() -> String {
        let path = FileManager.default.temporaryDirectory.path + "/gd2-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
