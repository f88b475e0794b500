/// A volume's life: created, started, stopped (GD1 status 0, 1, 2).
public enum VolumeState: String, Sendable, Codable {
    case created, started, stopped
}

/// The small, changing part of a volume: stored at `volumes/<id>/head`. One transaction on it
/// commits a new topology, starts or stops the volume.
public struct VolumeHead: Hashable, Sendable, Codable {
    public var schema: Int
    public var id: VolumeID
    public var name: VolumeName
    /// The V of every xlator and volfile name; the name at creation, whatever the volume is called
    /// later, because xattrs on the bricks carry it.
    public var volfileName: VolumeName
    public var state: VolumeState
    /// The topology in force: `volumes/<id>/gen/<generation>/…`.
    public var generation: Int
    /// Bricks in that generation; a reader that finds fewer ignores the generation.
    public var bricksCount: Int
    /// Hex SHA-256 of the generation's canonical JSON, so that a torn generation is never used.
    public var digest: String
    /// Raised by `start --force`: bricks that gave up try again.
    public var startRequests: Int
    public var metadata: [String: String]

    public init(
        id: VolumeID, name: VolumeName, state: VolumeState, generation: Int, bricksCount: Int,
        digest: String
    ) {
        schema = 1
        self.id = id
        self.name = name
        volfileName = name
        self.state = state
        self.generation = generation
        self.bricksCount = bricksCount
        self.digest = digest
        startRequests = 0
        metadata = [:]
    }
}

/// A volume as its readers see it: head, options and the topology that the head names.
public struct Volume: Hashable, Sendable {
    public var head: VolumeHead
    public var topology: Topology
    /// Set options only, by GD1's key (`performance.cache-size`) or, where GD1 has none, by
    /// `<category>/<xlator>.<option>`; values are canonical.
    public var options: [String: String]

    public init(head: VolumeHead, topology: Topology, options: [String: String]) {
        self.head = head
        self.topology = topology
        self.options = options
    }

    public var id: VolumeID { head.id }
    public var name: VolumeName { head.name }

    public func bricks(of peer: PeerID) -> [Brick] { topology.bricks.filter { $0.peer == peer } }

    /// With the thin arbiter, where that is this peer's.
    public func allBricks(of peer: PeerID) -> [Brick] {
        topology.allBricks.filter { $0.peer == peer }
    }
}
