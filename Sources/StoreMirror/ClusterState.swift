public import GlusterModel
public import StoreAPI

/// What a view says of the cluster, decoded. A record that this version cannot read is left out and
/// listed in ``unreadable``; a volume whose generation is incomplete is not there yet.
public struct ClusterState: Sendable {
    public var identity: StoreIdentity?
    public var revision: Int64 = 0
    public var freshness: MirrorView.Freshness = .stale(age: nil)
    public var peers: [PeerID: Peer] = [:]
    public var volumes: [VolumeID: Volume] = [:]
    /// Modification revisions of the heads.
    public var headRevisions: [VolumeID: Int64] = [:]
    /// Modification revisions of head and options, whichever is newer.
    public var volumeRevisions: [VolumeID: Int64] = [:]
    public var reports: [VolumeID: [PeerID: VolumeReport]] = [:]
    public var clusterOptions: [String: String] = [:]
    /// Volumes that are there and cannot be read: their heads or generations are of another
    /// version, or damaged. Nobody may take them for gone.
    public var unreadableVolumes: Set<VolumeID> = []
    /// Keys of records that could not be decoded.
    public var unreadable: [String] = []
    private var names: [VolumeName: VolumeID] = [:]

    public init() {}

    public init(_ view: MirrorView) {
        var decoder = ClusterDecoder()
        self = decoder.state(of: view)
    }

    init(volumes: [VolumeID: Volume]) {
        self.volumes = volumes
        for volume in volumes.values { names[volume.name] = volume.id }
    }

    public func volume(named name: VolumeName) -> Volume? { names[name].flatMap { volumes[$0] } }

    /// The volume that a volfile name (`VOL` of `VOL-client-0`) belongs to.
    public func volume(named text: String) -> Volume? {
        (try? VolumeName(validating: text)).flatMap { volume(named: $0) }
    }

    public func headRevision(of id: VolumeID) -> Int64? { headRevisions[id] }

    /// This node, when the view has it.
    public var selfPeer: Peer? { identity.flatMap { peers[$0.peer] } }
}

/// Decodes views and remembers what has not changed from one to the next, so that a change costs
/// what it touches.
public struct ClusterDecoder: Sendable {
    private struct Decoded<Value: Sendable>: Sendable {
        var modRevision: Int64
        var value: Value?
    }

    private var heads: [String: Decoded<VolumeHead>] = [:]
    private var options: [String: Decoded<StoredOptions>] = [:]
    private var topologies: [String: Topology] = [:]
    private var peers: [String: Decoded<Peer>] = [:]
    private var reports: [String: Decoded<VolumeReport>] = [:]
    private var identity: StoreIdentity?

    public init() {}

    public mutating func state(of view: MirrorView) -> ClusterState {
        if identity != view.identity { self = ClusterDecoder() }
        identity = view.identity
        guard let keys = view.identity?.keys else { return ClusterState() }
        var sorted = SortedKeys(view: view, keys: keys)
        var unreadable: [String] = []
        var volumes: [VolumeID: Volume] = [:]
        var headRevisions: [VolumeID: Int64] = [:]
        var volumeRevisions: [VolumeID: Int64] = [:]
        var unreadableVolumes: Set<VolumeID> = []
        for key in sorted.heads {
            guard let head = decode(key, view, \.heads, &unreadable),
                let topology = topology(of: head, view, keys, &sorted)
            else {
                let id = key.dropFirst(keys.volumes.count).dropLast("/head".count)
                if let id = VolumeID(String(id)) { unreadableVolumes.insert(id) }
                continue
            }
            let optionsKey = keys.volumeOptions(head.id)
            let options = decode(optionsKey, view, \.options, &unreadable)
            volumes[head.id] = Volume(
                head: head, topology: topology, options: options?.options ?? [:])
            let revision = view.values[key]?.modRevision ?? 0
            headRevisions[head.id] = revision
            volumeRevisions[head.id] = max(revision, view.values[optionsKey]?.modRevision ?? 0)
        }
        var state = ClusterState(volumes: volumes)
        state.identity = view.identity
        state.revision = view.revision
        state.freshness = view.freshness
        state.headRevisions = headRevisions
        state.volumeRevisions = volumeRevisions
        for key in sorted.peers {
            if let peer = decode(key, view, \.peers, &unreadable) { state.peers[peer.id] = peer }
        }
        for (key, reporter) in sorted.reports {
            guard let report = decode(key, view, \.reports, &unreadable) else { continue }
            state.reports[report.volume, default: [:]][reporter] = report
        }
        if let value = view.values[keys.clusterOptions] {
            state.clusterOptions =
                (try? RecordCoding.decode(StoredOptions.self, from: value.value))?.options ?? [:]
        }
        state.unreadable = unreadable
        state.unreadableVolumes = unreadableVolumes
        return state
    }

    private mutating func decode<Value: Decodable & Sendable>(
        _ key: String, _ view: MirrorView,
        _ cache: WritableKeyPath<ClusterDecoder, [String: Decoded<Value>]>,
        _ unreadable: inout [String]
    ) -> Value? {
        guard let stored = view.values[key] else {
            self[keyPath: cache][key] = nil
            return nil
        }
        if let known = self[keyPath: cache][key], known.modRevision == stored.modRevision {
            if known.value == nil { unreadable.append(key) }
            return known.value
        }
        let value = try? RecordCoding.decode(Value.self, from: stored.value)
        self[keyPath: cache][key] = Decoded(modRevision: stored.modRevision, value: value)
        if value == nil { unreadable.append(key) }
        return value
    }

    /// Generations are immutable, so one decoded whole is decoded for ever.
    private mutating func topology(
        of head: VolumeHead, _ view: MirrorView, _ keys: StoreKeys, _ sorted: inout SortedKeys
    ) -> Topology? {
        let prefix = keys.generation(head.id, head.generation)
        if let known = topologies[prefix] { return known }
        let layoutKey = keys.generationLayout(head.id, head.generation)
        guard let layout = view.values[layoutKey],
            let stored = try? RecordCoding.decode(StoredLayout.self, from: layout.value)
        else { return nil }
        var bricks: [Brick] = []
        for key in sorted.brickKeys(below: prefix) {
            guard let value = view.values[key],
                let chunk = try? RecordCoding.decode(StoredBricks.self, from: value.value)
            else { return nil }
            bricks += chunk.bricks
        }
        let topology = Topology(
            layout: stored.layout, bricks: bricks, thinArbiter: stored.thinArbiter)
        guard bricks.count == head.bricksCount,
            (try? TopologyDigest.hex(of: topology)) == head.digest
        else { return nil }
        topologies[prefix] = topology
        return topology
    }
}

/// The keys of a view by what they hold.
private struct SortedKeys {
    var heads: [String] = []
    var peers: [String] = []
    var reports: [(key: String, peer: PeerID)] = []
    private var bricks: [String] = []
    private var bricksAreSorted = false

    /// By bytes, not by characters: all keys are looked at with every change.
    init(view: MirrorView, keys: StoreKeys) {
        let volumes = Array(keys.volumes.utf8)
        let (ownPeers, reported) = (Array(keys.peers.utf8), Array(keys.reported.utf8))
        var reporter: (prefix: [UInt8], peer: PeerID)?
        for key in view.values.keys {
            let bytes = key.utf8
            if bytes.starts(with: volumes) {
                if bytes.suffix(Self.head.count).elementsEqual(Self.head) { heads.append(key) }
                if Self.isOfBricks(bytes.dropFirst(volumes.count)) { bricks.append(key) }
            } else if bytes.starts(with: ownPeers) {
                peers.append(key)
            } else if bytes.starts(with: reported) {
                if let known = reporter, bytes.starts(with: known.prefix) {
                    reports.append((key, known.peer))
                    continue
                }
                let parts = key.dropFirst(keys.reported.count).split(separator: "/")
                if parts.count == 3, parts[1] == "volumes", let peer = PeerID(String(parts[0])) {
                    reporter = (reported + Array("\(parts[0])/volumes/".utf8), peer)
                    reports.append((key, peer))
                }
            }
        }
    }

    private static let head = Array("/head".utf8)
    private static let bricksPart = Array("bricks".utf8)

    /// `<volume>/gen/<G>/bricks/<chunk>`.
    private static func isOfBricks(_ rest: Substring.UTF8View) -> Bool {
        guard let last = rest.lastIndex(of: UInt8(ascii: "/")) else { return false }
        return rest[..<last].suffix(bricksPart.count).elementsEqual(bricksPart)
    }

    mutating func brickKeys(below prefix: String) -> [String] {
        if !bricksAreSorted {
            bricks.sort()
            bricksAreSorted = true
        }
        return bricks.filter { $0.hasPrefix(prefix) }
    }
}
