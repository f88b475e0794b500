public import GlusterModel

/// What a node says of itself.
public struct NodeReport: Hashable, Sendable {
    /// Its etcd, where it runs one that answers.
    public var member: Member?
    /// Only of the node whose etcd leads.
    public var plan: Plan?
    /// Its setting open-join.
    public var isOpenToJoin: Bool
    /// When its newest snapshot was taken, in seconds since 1970; nil: it has none.
    public var snapshotTaken: Int64?
    /// Hours between two of them; 0: it takes none.
    public var snapshotHours: Int
    public var certificates: [Certificate]

    public struct Member: Hashable, Sendable {
        public var id: UInt64
        /// The member that leads; nil: it knows of none.
        public var leader: UInt64?
        public var version: String
        public var databaseBytes: UInt64
        public var quotaBytes: UInt64
        public var raftIndex: UInt64

        public init(
            id: UInt64, leader: UInt64?, version: String, databaseBytes: UInt64,
            quotaBytes: UInt64, raftIndex: UInt64
        ) {
            self.id = id
            self.leader = leader
            self.version = version
            self.databaseBytes = databaseBytes
            self.quotaBytes = quotaBytes
            self.raftIndex = raftIndex
        }
    }

    /// What is done with the members next, or waited for.
    public struct Plan: Hashable, Sendable {
        public var text: String
        public var votersWanted: Int

        public init(text: String, votersWanted: Int) {
            self.text = text
            self.votersWanted = votersWanted
        }
    }

    public struct Certificate: Hashable, Sendable {
        /// `nodes`: for TCP 24008; `members`: for other etcds; `etcd`: between gd2-store and its
        /// own etcd.
        public var use: String
        /// Seconds since 1970.
        public var expires: Int64

        public init(use: String, expires: Int64) {
            self.use = use
            self.expires = expires
        }
    }

    public init(
        member: Member? = nil, plan: Plan? = nil, isOpenToJoin: Bool = false,
        snapshotTaken: Int64? = nil, snapshotHours: Int = 0, certificates: [Certificate] = []
    ) {
        self.member = member
        self.plan = plan
        self.isOpenToJoin = isOpenToJoin
        self.snapshotTaken = snapshotTaken
        self.snapshotHours = snapshotHours
        self.certificates = certificates
    }
}

/// A peer that was asked for its report.
public struct AskedNode: Hashable, Sendable {
    public var peer: PeerID
    /// Nil: it did not answer in time.
    public var report: NodeReport?
    /// Why it did not.
    public var message: String

    public init(peer: PeerID, report: NodeReport?, message: String = "") {
        self.peer = peer
        self.report = report
        self.message = message
    }
}
