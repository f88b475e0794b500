public import GlusterModel
import StoreAPI

/// Decodes views, and of a later view of the same mirror what has changed: a change costs what it
/// touches, however many volumes there are.
public struct ClusterDecoder: Sendable {
    private var number: UInt64?
    private var cluster = ClusterState()
    private var unreadable: Set<String> = []
    /// Generations are immutable, so one decoded whole is decoded for ever.
    private var topologies: [VolumeID: (generation: Int, topology: Topology)] = [:]

    /// The volumes that the last view said something new of; nil: all of them.
    public private(set) var changed: Set<VolumeID>?

    public init() {}

    public mutating func state(of view: MirrorView) -> ClusterState {
        if cluster.identity != view.identity { self = ClusterDecoder() }
        guard let keys = view.identity?.keys else { return ClusterState() }
        let known = number.flatMap(view.keysChanged)
        if known == nil { self = ClusterDecoder() }
        let paths = KeyPaths(keys)
        var subjects: Set<Subject> = []
        if let known {
            for key in known { paths.subject(of: key).map { _ = subjects.insert($0) } }
        } else {
            for value in view.values.all {
                paths.subject(of: value.key).map { _ = subjects.insert($0) }
            }
        }
        for subject in subjects { decode(subject, view, keys) }
        changed = known.map { _ in Set(subjects.compactMap(\.volume)) }
        number = view.number
        cluster.identity = view.identity
        cluster.revision = view.revision
        cluster.freshness = view.freshness
        if !subjects.isEmpty { cluster.unreadable = unreadable.sorted() }
        return cluster
    }

    private mutating func decode(_ subject: Subject, _ view: MirrorView, _ keys: StoreKeys) {
        switch subject {
        case .volume(let id): decodeVolume(id, view, keys)
        case .peer(let id):
            let peer = read(Peer.self, keys.peer(id), view)
            cluster.peers[id] = peer
        case .report(let volume, let peer):
            let report = read(VolumeReport.self, keys.volumeReport(volume, by: peer), view)
            cluster.reports[volume, default: [:]][peer] = report
            if cluster.reports[volume]?.isEmpty == true { cluster.reports[volume] = nil }
        case .clusterOptions:
            cluster.clusterOptions =
                view.values[keys.clusterOptions].flatMap {
                    try? RecordCoding.decode(StoredOptions.self, from: $0.value)
                }?.options ?? [:]
        }
    }

    private mutating func decodeVolume(_ id: VolumeID, _ view: MirrorView, _ keys: StoreKeys) {
        let (headKey, optionsKey) = (keys.volumeHead(id), keys.volumeOptions(id))
        let head = read(VolumeHead.self, headKey, view)
        let options = read(StoredOptions.self, optionsKey, view)
        // Without its options a volume would let in whom they keep out.
        let hasOptions = options != nil || view.values[optionsKey] == nil
        guard hasOptions, let head, let topology = topology(of: head, view, keys),
            let revision = view.values[headKey]?.modRevision
        else {
            cluster.set(id, nil)
            (cluster.headRevisions[id], cluster.volumeRevisions[id]) = (nil, nil)
            if view.values[headKey] == nil {
                cluster.unreadableVolumes.remove(id)
                topologies[id] = nil
            } else {
                cluster.unreadableVolumes.insert(id)
            }
            return
        }
        cluster.set(id, Volume(head: head, topology: topology, options: options?.options ?? [:]))
        cluster.headRevisions[id] = revision
        cluster.volumeRevisions[id] = max(revision, view.values[optionsKey]?.modRevision ?? 0)
        cluster.unreadableVolumes.remove(id)
    }

    private mutating func read<Value: Decodable>(
        _ type: Value.Type, _ key: String, _ view: MirrorView
    ) -> Value? {
        unreadable.remove(key)
        guard let stored = view.values[key] else { return nil }
        if let value = try? RecordCoding.decode(type, from: stored.value) { return value }
        unreadable.insert(key)
        return nil
    }

    private mutating func topology(
        of head: VolumeHead, _ view: MirrorView, _ keys: StoreKeys
    ) -> Topology? {
        if let known = topologies[head.id], known.generation == head.generation {
            return known.topology
        }
        let layoutKey = keys.generationLayout(head.id, head.generation)
        guard let layout = view.values[layoutKey],
            let stored = try? RecordCoding.decode(StoredLayout.self, from: layout.value)
        else { return nil }
        var bricks: [Brick] = []
        var chunk = 0
        while let value = view.values[
            keys.generationBricks(head.id, head.generation, chunk: chunk)]
        {
            guard let part = try? RecordCoding.decode(StoredBricks.self, from: value.value) else {
                return nil
            }
            bricks += part.bricks
            chunk += 1
        }
        let topology = Topology(
            layout: stored.layout, bricks: bricks, thinArbiter: stored.thinArbiter)
        guard bricks.count == head.bricksCount,
            (try? TopologyDigest.hex(of: topology)) == head.digest
        else { return nil }
        topologies[head.id] = (head.generation, topology)
        return topology
    }
}

/// What a key is part of, for those that are decoded.
private enum Subject: Hashable {
    case volume(VolumeID)
    case peer(PeerID)
    case report(VolumeID, PeerID)
    case clusterOptions

    /// Whose own record it is part of.
    var volume: VolumeID? {
        if case .volume(let id) = self { return id }
        return nil
    }
}

/// Tells keys apart by bytes, not by characters: of a new store all are looked at.
private struct KeyPaths {
    private let volumes: [UInt8]
    private let peers: [UInt8]
    private let reported: [UInt8]
    private let clusterOptions: String

    init(_ keys: StoreKeys) {
        volumes = Array(keys.volumes.utf8)
        peers = Array(keys.peers.utf8)
        reported = Array(keys.reported.utf8)
        clusterOptions = keys.clusterOptions
    }

    func subject(of key: String) -> Subject? {
        let bytes = key.utf8
        if bytes.starts(with: volumes) {
            let rest = bytes.dropFirst(volumes.count)
            return VolumeID(String(Substring(rest.prefix { $0 != UInt8(ascii: "/") })))
                .map(Subject.volume)
        }
        if bytes.starts(with: peers) {
            return PeerID(String(Substring(bytes.dropFirst(peers.count)))).map(Subject.peer)
        }
        if bytes.starts(with: reported) {
            let parts = Substring(bytes.dropFirst(reported.count)).split(separator: "/")
            guard parts.count == 3, parts[1] == "volumes", let peer = PeerID(String(parts[0])),
                let volume = VolumeID(String(parts[2]))
            else { return nil }
            return .report(volume, peer)
        }
        return key == clusterOptions ? .clusterOptions : nil
    }
}
