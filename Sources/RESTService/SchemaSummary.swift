import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema

/// Which schema the store is in, and what keeps it there.
struct SchemaSummary {
    let view: MirrorView
    let state: ClusterState
    let build: SuiteBuild

    /// Nil when the view does not say it.
    var info: SchemaInfo? {
        guard let keys = view.identity?.keys, let found = view.values[keys.schemaVersion],
            let stored = try? RecordCoding.decode(StoredSchemaVersion.self, from: found.value)
        else { return nil }
        let present = stored.version
        let peers = state.peers.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        var nodes: [NodeBuilds] = []
        var shown: [SchemaInfo.Node] = []
        for peer in peers {
            let programs = programs(of: peer.id, keys)
            let node = NodeBuilds(name: peer.name, programs: programs)
            nodes.append(node)
            shown.append(
                SchemaInfo.Node(
                    id: peer.id.description, name: peer.name,
                    programs: programs.sorted { $0.key < $1.key }.map { name, report in
                        .init(
                            name: name, version: report.version, lowest: report.lowest,
                            newest: report.newest,
                            refused: report.refusal(of: name, at: present) != nil)
                    }))
        }
        let newest = max(nodes.map(\.newest).max() ?? present, build.newest, present)
        return SchemaInfo(
            version: present, newest: newest, nodes: shown,
            features: build.gates.map { gate in
                .init(name: gate.name, schema: gate.schema, isOpen: present >= gate.schema)
            },
            waitingFor: newest > present ? SchemaPlan.holders(of: newest, nodes: nodes) : [])
    }

    private func programs(of peer: PeerID, _ keys: StoreKeys) -> [String: BuildReport] {
        let found = view.values[keys.builds(of: peer)]
        let stored = found.flatMap { try? RecordCoding.decode(StoredBuilds.self, from: $0.value) }
        return stored?.programs ?? [:]
    }

    static func warnings(_ info: SchemaInfo?) -> [String] {
        guard let info else { return [] }
        let refused = info.nodes.flatMap { node in
            node.programs.filter(\.refused).map { program in
                "\(program.name) \(program.version) on \(node.name) reads "
                    + BuildReport.schemas(program.lowest, program.newest)
                    + " of the store, which is in \(info.version) for good: it changes nothing "
                    + "until \(node.name) has the version of the other nodes"
            }
        }
        guard !info.waitingFor.isEmpty else { return refused }
        return refused + [
            "the store stays in schema \(info.version) of \(info.newest) until these are upgraded "
                + "or their nodes removed: \(info.waitingFor.joined(separator: "; "))"
        ]
    }
}
