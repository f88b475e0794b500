/// `GET /v1/cluster`: how the cluster is, as one node sees it. What could not be asked within the
/// time of a read is nil.
public struct ClusterInfo: Hashable, Sendable, Codable {
    public var id: String
    /// Raised by each recovery and restore.
    public var epoch: UInt64
    /// The node that was asked.
    public var node: Node
    public var peersTotal: Int
    public var peersUp: Int
    /// Nil: the store's members are not known, or are not the cluster's (``external``).
    public var quorum: Quorum?
    /// The etcd that others run, where that has the store; else nil.
    public var external: ExternalStoreInfo?
    /// Whether the store takes changes now.
    public var isWritable: Bool
    /// Whether anything is not as it should be; ``warnings`` says what.
    public var isDegraded: Bool
    /// What gd2-store says of the store.
    public var store: String
    /// What the membership planner does next, or waits for.
    public var plan: String?
    /// The exchange of the cluster's authorities, while one runs.
    public var exchange: AuthorityExchangeInfo?
    /// Removed peers whose keys of the authorities still open something; nil: there are none.
    public var removedHolders: [RemovedHolderInfo]?
    /// The newest good snapshot on the node that was asked.
    public var snapshot: SnapshotInfo?
    /// Nil: not known.
    public var schema: SchemaInfo?
    public var warnings: [String]

    public struct Node: Hashable, Sendable, Codable {
        public var id: String
        public var name: String

        public init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// Of the store's Raft engine.
    public struct Quorum: Hashable, Sendable, Codable {
        /// Names of the peers that vote.
        public var voters: [String]
        public var votersUp: Int
        /// How many have to be up: more than half of them.
        public var votersNeeded: Int
        /// How many there would be with every peer up.
        public var votersWanted: Int?

        public init(
            voters: [String], votersUp: Int, votersNeeded: Int, votersWanted: Int? = nil
        ) {
            self.voters = voters
            self.votersUp = votersUp
            self.votersNeeded = votersNeeded
            self.votersWanted = votersWanted
        }

        enum CodingKeys: String, CodingKey {
            case voters
            case votersUp = "voters-up"
            case votersNeeded = "voters-needed"
            case votersWanted = "voters-wanted"
        }
    }

    public init(id: String, epoch: UInt64, node: Node) {
        self.id = id
        self.epoch = epoch
        self.node = node
        peersTotal = 0
        peersUp = 0
        isWritable = false
        isDegraded = false
        store = ""
        warnings = []
    }

    enum CodingKeys: String, CodingKey {
        case id, epoch, node, quorum, external, store, plan, snapshot, schema, warnings
        case exchange = "authority-exchange"
        case removedHolders = "removed-with-keys"
        case peersTotal = "peers-total"
        case peersUp = "peers-up"
        case isWritable = "writable"
        case isDegraded = "degraded"
    }
}

/// `POST /v1/cluster/join`, asked of the node that joins.
public struct JoinReq: Hashable, Sendable, Codable {
    public var token: String

    public init(token: String) { self.token = token }
}

/// What a node joined, and as whom.
public struct JoinInfo: Hashable, Sendable, Codable {
    public var clusterID: String
    public var peerID: String

    public init(clusterID: String, peerID: String) {
        self.clusterID = clusterID
        self.peerID = peerID
    }

    enum CodingKeys: String, CodingKey {
        case clusterID = "cluster-id"
        case peerID = "peer-id"
    }
}

/// `GET /v1/cluster/members`: the Raft engine.
public struct MembersInfo: Hashable, Sendable, Codable {
    public var members: [MemberInfo]
    public var plan: String
    public var votersWanted: Int
    /// The etcd that others run, where that has the store: then there are no members.
    public var external: ExternalStoreInfo?
    /// What could not be learned from other nodes, and why; absent: nothing.
    public var missing: [String]?

    public init(
        members: [MemberInfo], plan: String, votersWanted: Int, external: ExternalStoreInfo? = nil
    ) {
        self.members = members
        self.plan = plan
        self.votersWanted = votersWanted
        self.external = external
    }

    enum CodingKeys: String, CodingKey {
        case members, plan, external, missing
        case votersWanted = "voters-wanted"
    }
}

/// An etcd that is not the suite's own.
public struct ExternalStoreInfo: Hashable, Sendable, Codable {
    /// etcd's id of its cluster, hexadecimal; nil while it is not known.
    public var etcdCluster: String?
    public var endpoints: [EndpointInfo]

    public init(etcdCluster: String?, endpoints: [EndpointInfo]) {
        self.etcdCluster = etcdCluster
        self.endpoints = endpoints
    }

    enum CodingKeys: String, CodingKey {
        case endpoints
        case etcdCluster = "etcd-cluster"
    }
}

public struct EndpointInfo: Hashable, Sendable, Codable {
    public var url: String
    /// Nil: the node that was asked does not speak to it.
    public var healthy: Bool?
    public var leader: Bool
    public var version: String
    public var databaseBytes: UInt64
    /// Why it is not healthy.
    public var message: String?

    public init(
        url: String, healthy: Bool?, leader: Bool, version: String, databaseBytes: UInt64,
        message: String? = nil
    ) {
        self.url = url
        self.healthy = healthy
        self.leader = leader
        self.version = version
        self.databaseBytes = databaseBytes
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case url, healthy, leader, version, message
        case databaseBytes = "database-bytes"
    }
}

public struct MemberInfo: Hashable, Sendable, Codable {
    /// Hexadecimal, as `etcdctl member list` shows it.
    public var id: String
    /// Nil while the member has not started.
    public var peerID: String?
    public var name: String?
    /// `leader`, `voter` or `learner`.
    public var role: String
    public var healthy: Bool
    public var version: String
    public var databaseBytes: UInt64
    public var raftIndex: UInt64
    public var message: String?

    public init(
        id: String, peerID: String?, name: String?, role: String, healthy: Bool, version: String,
        databaseBytes: UInt64, raftIndex: UInt64, message: String? = nil
    ) {
        self.id = id
        self.peerID = peerID
        self.name = name
        self.role = role
        self.healthy = healthy
        self.version = version
        self.databaseBytes = databaseBytes
        self.raftIndex = raftIndex
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case id, name, role, healthy, version, message
        case peerID = "peer-id"
        case databaseBytes = "database-bytes"
        case raftIndex = "raft-index"
    }
}

/// A snapshot of the store on the disk of the node that was asked.
public struct SnapshotInfo: Hashable, Sendable, Codable {
    public var name: String
    public var path: String
    /// Seconds since 1970.
    public var created: Int64
    public var bytes: UInt64
    public var revision: Int64
    /// Hexadecimal SHA-256 of the file.
    public var digest: String
    public var damaged: Bool
    /// What was verified, or why it is damaged.
    public var message: String?

    public init(
        name: String, path: String, created: Int64, bytes: UInt64, revision: Int64, digest: String,
        damaged: Bool, message: String? = nil
    ) {
        self.name = name
        self.path = path
        self.created = created
        self.bytes = bytes
        self.revision = revision
        self.digest = digest
        self.damaged = damaged
        self.message = message
    }
}

/// `POST /v1/cluster/recover`; may be absent.
public struct RecoverReq: Hashable, Sendable, Codable {
    /// A snapshot's name or path; absent: the node's own database.
    public var snapshot: String?

    public init(snapshot: String? = nil) { self.snapshot = snapshot }
}
