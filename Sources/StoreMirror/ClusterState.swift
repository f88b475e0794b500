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

    /// A volume as it is now; nil: it is gone.
    mutating func set(_ id: VolumeID, _ volume: Volume?) {
        if let name = volumes[id]?.name, names[name] == id { names[name] = nil }
        volumes[id] = volume
        if let volume { names[volume.name] = id }
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
