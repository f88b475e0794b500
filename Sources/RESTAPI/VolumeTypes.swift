/// A volume as GD2's API shows it (GD2 pkg/api VolumeInfo).
public struct VolumeInfo: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
        case distribute = "Distribute"
        case replicate = "Replicate"
        case disperse = "Disperse"
        case distributedReplicate = "Distributed-Replicate"
        case distributedDisperse = "Distributed-Disperse"
    }

    public enum State: String, Hashable, Sendable, Codable {
        case created = "Created"
        case started = "Started"
        case stopped = "Stopped"
    }

    public var id: String
    public var name: String
    public var type: Kind
    public var transport: String
    public var distributeCount: Int
    /// Bricks with data a subvolume; the arbiter is not one of them. 1 when nothing is replicated.
    public var replicaCount: Int
    public var arbiterCount: Int?
    public var disperseCount: Int?
    public var disperseDataCount: Int?
    public var disperseRedundancyCount: Int?
    public var state: State
    /// The options that are set.
    public var options: [String: String]
    public var subvols: [Subvol]
    /// Not in GD2.
    public var thinArbiter: ThinArbiterInfo?
    public var metadata: [String: String]
    public var snapList: [String]
    public var capacity: UInt64?

    public init(
        id: String, name: String, type: Kind, state: State, subvols: [Subvol]
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.state = state
        self.subvols = subvols
        transport = "tcp"
        distributeCount = subvols.count
        replicaCount = subvols.first?.replicaCount ?? 1
        arbiterCount = subvols.first.flatMap { $0.arbiterCount == 0 ? nil : $0.arbiterCount }
        disperseCount = subvols.first.flatMap { $0.disperseCount == 0 ? nil : $0.disperseCount }
        disperseDataCount = subvols.first?.disperseDataCount
        disperseRedundancyCount = subvols.first?.disperseRedundancyCount
        options = [:]
        metadata = [:]
        snapList = []
    }

    enum CodingKeys: String, CodingKey {
        case id, name, type, transport, state, options, subvols, metadata, capacity
        case distributeCount = "distribute-count"
        case replicaCount = "replica-count"
        case arbiterCount = "arbiter-count"
        case disperseCount = "disperse-count"
        case disperseDataCount = "disperse-data-count"
        case disperseRedundancyCount = "disperse-redundancy-count"
        case snapList = "snap-list"
        case thinArbiter = "thin-arbiter"
    }
}

/// Where a volume's thin arbiter is.
public struct ThinArbiterInfo: Hashable, Sendable, Codable {
    /// As volfiles name it.
    public var host: String
    public var path: String
    /// Nil: it is on a host outside of this cluster, which does not run it.
    public var peerID: String?

    public init(host: String, path: String, peerID: String?) {
        self.host = host
        self.path = path
        self.peerID = peerID
    }

    enum CodingKeys: String, CodingKey {
        case host, path
        case peerID = "peer-id"
    }
}

/// One subvolume of a volume.
public struct Subvol: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
        case distribute = "Distribute"
        case replicate = "Replicate"
        case disperse = "Disperse"
    }

    public var name: String
    public var type: Kind
    public var bricks: [BrickInfo]
    public var replicaCount: Int
    public var arbiterCount: Int
    public var disperseCount: Int
    public var disperseDataCount: Int?
    public var disperseRedundancyCount: Int?

    public init(name: String, type: Kind, bricks: [BrickInfo]) {
        self.name = name
        self.type = type
        self.bricks = bricks
        replicaCount = 1
        arbiterCount = 0
        disperseCount = 0
    }

    enum CodingKeys: String, CodingKey {
        case name, type, bricks
        case replicaCount = "replica-count"
        case arbiterCount = "arbiter-count"
        case disperseCount = "disperse-count"
        case disperseDataCount = "disperse-data-count"
        case disperseRedundancyCount = "disperse-redundancy-count"
    }
}

public struct BrickInfo: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
        case brick = "Brick"
        case arbiter = "Arbiter"
        case thinArbiter = "Thin-Arbiter"
    }

    public var id: String
    public var path: String
    public var volumeID: String
    public var volumeName: String
    public var peerID: String
    /// The peer's first address, as volfiles name it.
    public var host: String
    public var type: Kind

    public init(
        id: String, path: String, volumeID: String, volumeName: String, peerID: String,
        host: String, type: Kind
    ) {
        self.id = id
        self.path = path
        self.volumeID = volumeID
        self.volumeName = volumeName
        self.peerID = peerID
        self.host = host
        self.type = type
    }

    enum CodingKeys: String, CodingKey {
        case id, path, host, type
        case volumeID = "volume-id"
        case volumeName = "volume-name"
        case peerID = "peer-id"
    }
}
