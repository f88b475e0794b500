import GD2Error
import GlusterModel
public import StoreSchema

/// Asks the store whether something may be written yet. A gate that was found open stays open.
public struct FeatureGates: Sendable {
    private let store: any KeyValueStore
    public let build: SuiteBuild

    public init(store: any KeyValueStore, build: SuiteBuild) {
        self.store = store
        self.build = build
    }

    /// Whether the store's schema, as read at some time, opens `gate`: it is never lowered.
    public func isOpen(_ gate: FeatureGate, at present: KeyValue?) -> Bool {
        guard build.newest >= gate.schema, let present,
            let stored = try? RecordCoding.decode(StoredSchemaVersion.self, from: present.value)
        else { return false }
        return stored.version >= gate.schema
    }

    /// Throws a conflict that names the nodes in the way, or ``StoreError``.
    public func require(_ gate: FeatureGate) async throws {
        let keys = try await store.identity().keys
        let present = try await store.get(keys.schemaVersion).map {
            try RecordCoding.decode(StoredSchemaVersion.self, from: $0.value).version
        }
        let version = present ?? SchemaPlan.first
        guard version < gate.schema || build.newest < gate.schema else { return }
        let peers = try await store.list(prefix: keys.peers).values
        let builds = try await store.list(prefix: keys.builds).values
        let nodes = NodeBuilds.all(peers: peers, builds: builds, keys)
        if let why = SchemaPlan.refusal(gate, present: version, build: build, nodes: nodes) {
            throw GD2Error(.conflict, why)
        }
    }
}

extension NodeBuilds {
    /// Of each peer, with what its programs said, from the records below `peers/` and
    /// `cluster/builds/`; a record that cannot be read is as none.
    public static func all(
        peers: [KeyValue], builds: [KeyValue], _ keys: StoreKeys
    ) -> [NodeBuilds] {
        var programs: [String: [String: BuildReport]] = [:]
        for value in builds where value.key.hasPrefix(keys.builds) {
            let stored = try? RecordCoding.decode(StoredBuilds.self, from: value.value)
            programs[String(value.key.dropFirst(keys.builds.count))] = stored?.programs
        }
        return peers.map { peer in
            let id = String(peer.key.dropFirst(keys.peers.count))
            let name = (try? RecordCoding.decode(Peer.self, from: peer.value))?.name
            return NodeBuilds(name: name ?? id, programs: programs[id] ?? [:])
        }
    }
}
