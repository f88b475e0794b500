import FoundationEssentials
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreSchema

/// Writes what this node's programs say of their builds, and, on the node whose etcd leads, raises
/// the store's schema to what all programs of all nodes read.
struct SchemaKeeper: Service {
    let node: NodeParts
    /// Not guarded: a build that may not work with the store says so there all the same.
    let store: UpstreamStore
    /// Whether this node is to raise the schema.
    let decides: @Sendable () -> Bool

    private var keys: StoreKeys { node.state.identity.store.keys }
    private var own: String { keys.builds(of: node.own) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await look() } catch {
                    node.log.debug("schema not looked at", metadata: ["error": "\(error)"])
                }
                do { try await Task.sleep(for: Limits.membershipEvery) } catch { return }
            }
        }
    }

    /// Before anything else is done with the store: says which builds are here, and learns which
    /// schema the store is in.
    func begin() async throws {
        var found = try await store.get(keys.schemaVersion)
        if found == nil, !node.state.identity.hasJoined {
            let first = StoredSchemaVersion(node.schema.build.newest)
            _ = try await store.txn(
                if: [.createRevision(key: keys.schemaVersion, equals: 0)],
                then: [.put(key: keys.schemaVersion, value: try RecordCoding.encode(first))])
            found = try await store.get(keys.schemaVersion)
        }
        guard let found else { return node.schema.take(present: SchemaPlan.first) }
        let version = try RecordCoding.decode(StoredSchemaVersion.self, from: found.value).version
        // A peer that was taken out has no record, and writes none.
        let isPeer = try await store.get(keys.peer(node.own)) != nil
        if isPeer || !node.state.identity.hasJoined { try await report() }
        node.schema.take(present: version)
    }

    private func look() async throws {
        guard node.schema.present != nil, node.peers.isCurrent,
            let present = node.peers.schemaVersion
        else { return }
        node.schema.take(present: present)
        let known = node.peers.builds[node.own] ?? [:]
        if node.peers.knows(node.own), node.schema.programs(before: known) != known {
            try await report()
        }
        if decides(), node.schema.refusal == nil { try await raise(from: present) }
    }

    // MARK: This node

    private func report() async throws {
        for _ in 0..<5 {
            guard let version = try await store.get(keys.schemaVersion) else { return }
            let found = try await store.get(own)
            let before = try found.map {
                try RecordCoding.decode(StoredBuilds.self, from: $0.value).programs
            }
            let now = StoredBuilds(programs: node.schema.programs(before: before ?? [:]))
            if now.programs == before { return }
            let value =
                try found.map { try RecordCoding.encode(now, updating: $0.value) }
                ?? RecordCoding.encode(now)
            var changes: [StoreAPI.Operation] = [.put(key: own, value: value)]
            // Who is just raising the schema, not knowing of an older program, has to look again.
            let was = before.map { NodeBuilds(name: "", programs: $0).newest } ?? .max
            if NodeBuilds(name: "", programs: now.programs).newest < was {
                changes.append(.put(key: keys.schemaVersion, value: version.value))
            }
            let result = try await store.txn(
                if: [
                    .modRevision(key: keys.schemaVersion, equals: version.modRevision),
                    .modRevision(key: own, equals: found?.modRevision ?? 0),
                ], then: changes)
            guard result.succeeded else { continue }
            let said = now.programs.sorted { $0.key < $1.key }.map {
                "\($0.key) \($0.value.version)"
            }
            return node.log.info(
                "builds reported", metadata: ["builds": "\(said.joined(separator: ", "))"])
        }
    }

    // MARK: The cluster

    private func raise(from present: Int) async throws {
        let known = node.peers.peers.values.map {
            NodeBuilds(name: $0.name, programs: node.peers.builds[$0.id] ?? [:])
        }
        guard SchemaPlan.next(present: present, nodes: known) != nil,
            let version = try await store.get(keys.schemaVersion)
        else { return }
        let stored = try RecordCoding.decode(StoredSchemaVersion.self, from: version.value)
        guard let next = SchemaPlan.next(present: stored.version, nodes: try await nodes()) else {
            return
        }
        var raised = stored
        raised.version = next
        let result = try await store.txn(
            if: [.modRevision(key: keys.schemaVersion, equals: version.modRevision)],
            then: [
                .put(
                    key: keys.schemaVersion,
                    value: try RecordCoding.encode(raised, updating: version.value))
            ])
        guard result.succeeded else { return }
        node.log.notice(
            "store's schema raised", metadata: ["from": "\(stored.version)", "to": "\(next)"])
    }

    /// As the store has them now; the view may be behind.
    private func nodes() async throws -> [NodeBuilds] {
        NodeBuilds.all(
            peers: try await store.list(prefix: keys.peers).values,
            builds: try await store.list(prefix: keys.builds).values, keys)
    }
}
