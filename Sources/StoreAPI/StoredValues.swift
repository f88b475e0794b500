public import GlusterModel
public import StoreSchema

/// The options of a volume or of the cluster: stored keys and canonical values.
public struct StoredOptions: Hashable, Sendable, Codable {
    public var schema = 1
    public var options: [String: String]

    public init(_ options: [String: String] = [:]) { self.options = options }
}

/// A group of options that somebody made, by the name in its key.
public struct StoredOptionGroup: Hashable, Sendable, Codable {
    public var schema = 1
    public var description: String
    public var options: [String: String]

    public init(description: String, options: [String: String]) {
        self.description = description
        self.options = options
    }
}

/// The shape of one generation: `gen/<G>/layout`.
public struct StoredLayout: Hashable, Sendable, Codable {
    public var schema = 1
    public var layout: SubvolumeLayout
    public var thinArbiter: ThinArbiter?

    public init(_ topology: Topology) {
        layout = topology.layout
        thinArbiter = topology.thinArbiter
    }
}

/// Up to `Limits.bricksPerRecord` bricks of one generation: `gen/<G>/bricks/<chunk>`.
public struct StoredBricks: Hashable, Sendable, Codable {
    public var schema = 1
    public var bricks: [Brick]

    public init(_ bricks: [Brick]) { self.bricks = bricks }
}

/// `cluster/epoch`.
public struct StoredEpoch: Hashable, Sendable, Codable {
    public var schema = 1
    public var epoch: Epoch

    public init(_ epoch: Epoch) { self.epoch = epoch }
}

/// `cluster/version`: the schema that every member can read; nobody writes a newer one.
public struct StoredSchemaVersion: Hashable, Sendable, Codable {
    public var schema = 1
    public var version: Int

    public init(_ version: Int) { self.version = version }
}

/// `cluster/builds/<peer>`: what each program of a node said of its build, the last time that it
/// said something.
public struct StoredBuilds: Hashable, Sendable, Codable {
    public var schema = 1
    public var programs: [String: BuildReport]

    public init(programs: [String: BuildReport]) { self.programs = programs }
}

/// `cluster/members`: who runs a member of the Raft engine, as its leader's node wrote it.
public struct StoredMembers: Hashable, Sendable, Codable {
    public struct Member: Hashable, Sendable, Codable {
        /// etcd's id.
        public var id: UInt64
        public var peer: PeerID
        public var isLearner: Bool

        public init(id: UInt64, peer: PeerID, isLearner: Bool) {
            self.id = id
            self.peer = peer
            self.isLearner = isLearner
        }
    }

    public var schema = 1
    public var members: [Member]
    /// The external etcd that the store is; then `members` are the nodes that speak to it, and
    /// serve others. Nil: the members' own.
    public var external: External?

    public struct External: Hashable, Sendable, Codable {
        /// etcd's id of its cluster, hexadecimal.
        public var etcdCluster: String
        public var endpoints: [String]

        public init(etcdCluster: String, endpoints: [String]) {
            self.etcdCluster = etcdCluster
            self.endpoints = endpoints
        }
    }

    public init(members: [Member], external: External? = nil) {
        self.members = members
        self.external = external
    }
}

/// `cluster/tokens/<fingerprint of its key>`: what may join.
public struct StoredToken: Hashable, Sendable, Codable {
    public var schema = 1
    /// Seconds since 1970.
    public var created: Int64
    public var expires: Int64
    public var usesLeft: Int

    public init(created: Int64, expires: Int64, usesLeft: Int) {
        self.created = created
        self.expires = expires
        self.usesLeft = usesLeft
    }
}

/// `cluster/leaving/<peer>`.
public struct StoredLeaving: Hashable, Sendable, Codable {
    public var schema = 1
    /// It is gone for ever: nobody waits for it.
    public var force: Bool

    public init(force: Bool) { self.force = force }
}
