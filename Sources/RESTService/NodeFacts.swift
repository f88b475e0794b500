import GlusterModel
import Health
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema

/// The facts of each peer, from probes, from its own report and from the store.
struct NodeFacts {
    let summary: ClusterSummary
    /// Nil: gd2-store did not answer in time.
    let asked: [PeerID: AskedNode]?

    var all: [HealthFacts.Node] {
        let left = LeftToClean(summary.view)
        let fences = Fences(summary.view)
        let schema = SchemaSummary(
            view: summary.view, state: summary.state, build: summary.build
        ).info
        let programs = Dictionary(
            (schema?.nodes ?? []).map { ($0.id, $0.programs) }, uniquingKeysWith: { one, _ in one })
        return summary.state.peers.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
            .map { peer in
                var node = node(peer)
                node.left = left.of(peer.id).map { .init(volume: $0.volume, bricks: $0.bricks) }
                node.fences = fences.of(peer.id).map {
                    .init(volume: $0.volume, by: $0.by, since: $0.since)
                }
                node.programs = (programs["\(peer.id)"] ?? []).map { program in
                    program.fact(in: schema?.version ?? 0)
                }
                return node
            }
    }

    private func node(_ peer: Peer) -> HealthFacts.Node {
        var node = HealthFacts.Node(name: peer.name)
        let said = asked?[peer.id]
        node.report = said?.report.map(HealthFacts.Report.init)
        node.unreported = said?.message ?? "gd2-store did not say it in time"
        guard peer.id != summary.identity.peer, let probe = summary.probed?[peer.id] else {
            return node
        }
        if probe.heardAgo != nil, probe.isReachable {
            node.clockSkewMs = Int64(probe.clockSkew / .milliseconds(1))
        }
        // In a large cluster only some nodes are probed; the others were asked.
        if !probe.isReachable, node.report == nil {
            node.silence = .init(
                seconds: probe.heardAgo?.components.seconds, why: probe.message)
        }
        return node
    }
}

extension SchemaInfo.Program {
    func fact(in schema: Int) -> HealthFacts.Program {
        HealthFacts.Program(
            name: name, version: version,
            refusal: refused
                ? "it reads \(BuildReport.schemas(lowest, newest)) of the store, which is in "
                    + "\(schema)"
                : nil)
    }
}

extension HealthFacts.Report {
    init(_ report: NodeReport) {
        self.init(
            isOpenToJoin: report.isOpenToJoin,
            certificates: report.certificates.map { .init(use: $0.use, expires: $0.expires) },
            snapshotTaken: report.snapshotTaken,
            database: report.member.map {
                .init(bytes: $0.databaseBytes, quotaBytes: $0.quotaBytes)
            })
    }
}
