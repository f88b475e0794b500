public import GlusterModel
public import Volfile
public import VolumeOptions

/// Makes volfiles: a pure function of volume, options, role and audience (GlusterFS
/// glusterd-volgen.c is the model for graphs and their order).
public struct Volgen: Sendable {
    let table: OptionTable

    public init(table: OptionTable = .standard) { self.table = table }

    public func volfile(
        of volume: Volume, for role: VolfileRole, audience: Audience, context: VolgenContext
    ) throws(VolgenError) -> Volfile {
        let needed = clientOpVersion(of: volume)
        var graph = GraphBuilder(volume: volume, context: context, table: table)
        switch role {
        case .client:
            guard needed <= audience.opVersion else {
                throw .opVersion(needed: needed, known: audience.opVersion, volume: volume.name)
            }
            try graph.addClient(isTrusted: audience.isTrusted)
        case .brick(let index): graph.addBrick(try brick(index, of: volume))
        case .thinArbiter:
            guard let brick = volume.topology.thinArbiter?.brick else {
                throw .noThinArbiter(volume: volume.name)
            }
            graph.addThinArbiter(brick)
        case .selfHeal:
            guard volume.topology.layout.isHealed else { throw .noSelfHeal(volume: volume.name) }
            try graph.addSelfHeal()
        case .rebalance: try graph.addRebalance()
        case .gfproxyd: try graph.addGfproxyServer()
        case .gfproxyClient: graph.addGfproxyClient()
        case .snapd: graph.addSnapd()
        case .quotaCrawl(let index): try graph.addQuotaCrawl(of: brick(index, of: volume))
        }
        return Volfile(xlators: graph.xlators)
    }

    private func brick(_ index: Int, of volume: Volume) throws(VolgenError) -> Brick {
        guard let brick = volume.topology.bricks.first(where: { $0.index == index }) else {
            throw .noSuchBrick(index: index, volume: volume.name)
        }
        return brick
    }

    /// The lowest op-version of a client that understands the volume's set options.
    public func clientOpVersion(of volume: Volume) -> Int {
        var needed = 1
        if case .disperse = volume.topology.layout { needed = 30_600 }
        for (key, value) in volume.options {
            guard let entry = table.entry(key), entry.isClientSide else { continue }
            if entry.kind.value == .bool, entry.kind.canonical(value) == "off" { continue }
            needed = max(needed, entry.opVersion)
        }
        return needed
    }
}

extension SubvolumeLayout {
    /// Whether a self-heal daemon has something to do.
    public var isHealed: Bool {
        switch self {
        case .distribute: false
        case .replicate, .disperse: true
        }
    }
}

extension Volume {
    /// Whether its nodes run a self-heal daemon for it.
    public var wantsSelfHealDaemon: Bool {
        let key: String
        switch topology.layout {
        case .distribute: return false
        case .replicate: key = "cluster.self-heal-daemon"
        case .disperse: key = "cluster.disperse-self-heal-daemon"
        }
        return options[key].map { $0 != "off" } ?? true
    }
}
