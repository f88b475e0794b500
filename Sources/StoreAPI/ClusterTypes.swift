public import GlusterModel

/// What a node knows of a peer, itself included.
public struct PeerState: Hashable, Sendable {
    public enum Role: String, Sendable {
        /// A member of the Raft engine that counts for its quorum.
        case voter
        /// A member that follows and does not count.
        case learner
        /// No member: it reaches the store through a voter.
        case client
    }

    public var peer: PeerID
    public var isReachable: Bool
    public var role: Role
    /// Its clock minus ours.
    public var clockSkew: Duration
    /// Since its last answer; nil when it never answered since gd2-store started.
    public var heardAgo: Duration?
    public var roundTrip: Duration
    /// Why it does not answer; empty when it does.
    public var message: String
    /// Of its gd2-store; empty when it never answered.
    public var version: String

    public init(
        peer: PeerID, isReachable: Bool, role: Role, clockSkew: Duration = .zero,
        heardAgo: Duration? = nil, roundTrip: Duration = .zero, message: String = "",
        version: String = ""
    ) {
        self.peer = peer
        self.isReachable = isReachable
        self.role = role
        self.clockSkew = clockSkew
        self.heardAgo = heardAgo
        self.roundTrip = roundTrip
        self.message = message
        self.version = version
    }
}

/// A join token without its secret.
public struct JoinToken: Hashable, Sendable {
    public var id: String
    /// Seconds since 1970.
    public var created: Int64
    public var expires: Int64
    public var usesLeft: Int

    public init(id: String, created: Int64, expires: Int64, usesLeft: Int) {
        self.id = id
        self.created = created
        self.expires = expires
        self.usesLeft = usesLeft
    }
}

/// A member of the Raft engine.
public struct StoreMember: Hashable, Sendable {
    /// Hexadecimal, as `etcdctl member list` shows it.
    public var id: String
    /// Nil while the member has not started.
    public var peer: PeerID?
    public var isLearner: Bool
    public var isLeader: Bool
    public var isHealthy: Bool
    public var version: String
    public var databaseBytes: UInt64
    public var raftIndex: UInt64
    public var message: String

    public init(
        id: String, peer: PeerID?, isLearner: Bool, isLeader: Bool, isHealthy: Bool,
        version: String = "", databaseBytes: UInt64 = 0, raftIndex: UInt64 = 0,
        message: String = ""
    ) {
        self.id = id
        self.peer = peer
        self.isLearner = isLearner
        self.isLeader = isLeader
        self.isHealthy = isHealthy
        self.version = version
        self.databaseBytes = databaseBytes
        self.raftIndex = raftIndex
        self.message = message
    }
}

public struct StoreMembers: Hashable, Sendable {
    public var members: [StoreMember]
    /// What the planner does next, or what it waits for.
    public var plan: String
    public var votersWanted: Int
    /// Where the store is an etcd that others run; then there are no members.
    public var external: ExternalStore?
    /// What could not be learned from other nodes, and why; sentences for the operator.
    public var missing: [String]

    public init(
        members: [StoreMember], plan: String, votersWanted: Int, external: ExternalStore? = nil,
        missing: [String] = []
    ) {
        self.members = members
        self.plan = plan
        self.votersWanted = votersWanted
        self.external = external
        self.missing = missing
    }
}

/// An etcd that is not the suite's own.
public struct ExternalStore: Hashable, Sendable {
    /// etcd's id of its cluster, hexadecimal; empty while it is not known.
    public var etcdCluster: String
    public var endpoints: [Endpoint]

    public init(etcdCluster: String, endpoints: [Endpoint]) {
        self.etcdCluster = etcdCluster
        self.endpoints = endpoints
    }

    public struct Endpoint: Hashable, Sendable {
        public var url: String
        /// Nil: this node does not ask it.
        public var isHealthy: Bool?
        public var isLeader: Bool
        public var version: String
        public var databaseBytes: UInt64
        /// Why it is not healthy.
        public var message: String

        public init(
            url: String, isHealthy: Bool?, isLeader: Bool = false, version: String = "",
            databaseBytes: UInt64 = 0, message: String = ""
        ) {
            self.url = url
            self.isHealthy = isHealthy
            self.isLeader = isLeader
            self.version = version
            self.databaseBytes = databaseBytes
            self.message = message
        }
    }
}

/// A snapshot of the store on this node's disk.
public struct StoreSnapshot: Hashable, Sendable {
    public var name: String
    public var path: String
    /// Seconds since 1970.
    public var created: Int64
    public var bytes: UInt64
    public var revision: Int64
    /// Hexadecimal SHA-256 of the file.
    public var digest: String
    public var isDamaged: Bool
    /// What was verified, or why it is damaged.
    public var message: String

    public init(
        name: String, path: String, created: Int64, bytes: UInt64, revision: Int64,
        digest: String, isDamaged: Bool = false, message: String = ""
    ) {
        self.name = name
        self.path = path
        self.created = created
        self.bytes = bytes
        self.revision = revision
        self.digest = digest
        self.isDamaged = isDamaged
        self.message = message
    }
}
