public import GlusterModel
public import Volfile

/// A daemon of which a node runs one for all its volumes.
public enum NodeDaemon: Hashable, Sendable {
    case bitd, scrub, quotad
}

extension Volgen {
    /// The volfile of a node's daemon. Of `volumes` it has those that are started and use it.
    public func volfile(
        of volumes: [(volume: Volume, context: VolgenContext)], for daemon: NodeDaemon,
        on node: PeerID
    ) throws(VolgenError) -> Volfile {
        let graphs = volumes.filter { $0.volume.head.state == .started }
            .sorted { $0.volume.name < $1.volume.name }
            .map { GraphBuilder(volume: $0.volume, context: $0.context, table: table) }
        switch daemon {
        case .bitd, .scrub:
            return try Self.bitrot(
                graphs.filter { $0.isOn("features.bitrot") }, isScrub: daemon == .scrub, node)
        case .quotad: return try Self.quotad(graphs.filter { $0.isOn("features.quota") })
        }
    }

    /// glusterd puts the graph of the last volume first.
    static func joined(_ graphs: [GraphBuilder], under top: Xlator) -> Volfile {
        Volfile(xlators: graphs.reversed().flatMap(\.xlators) + [top])
    }
}
