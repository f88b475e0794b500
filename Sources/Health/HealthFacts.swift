/// What one node could learn of the cluster in the time of a read. What is nil, or not there, could
/// not be learned: nothing is decided of it.
public struct HealthFacts: Hashable, Sendable {
    /// Seconds since 1970.
    public var now: Int64
    /// The node that was asked, by its name.
    public var asked: String
    public var store: Store
    public var nodes: [Node]
    public var volumes: [Volume]
    /// Those that have not ended.
    public var jobs: [Job]
    public var authorities: [Authority]
    public var removed: [Removed]
    /// Of the node that was asked, beside gd2-store and gd2-rest.
    public var programs: [OwnProgram]
    /// Keys of records of the store that cannot be read.
    public var unreadable: [String]

    public init(now: Int64, asked: String, store: Store, nodes: [Node]) {
        self.now = now
        self.asked = asked
        self.store = store
        self.nodes = nodes
        volumes = []
        jobs = []
        authorities = []
        removed = []
        programs = []
        unreadable = []
    }

    public struct Store: Hashable, Sendable {
        /// Whether gd2-store of the node that was asked answers.
        public var answers: Bool
        public var isWritable: Bool
        /// What gd2-store says of the store.
        public var message: String
        /// Nil: not known, or the store is an external etcd.
        public var quorum: Quorum?
        /// Of an external etcd; nil: it is gd2's own.
        public var endpoints: [Endpoint]?
        /// Names of the damaged ones on the node that was asked; nil: they were not read in time.
        public var damagedSnapshots: [String]?

        public init(answers: Bool, isWritable: Bool, message: String) {
            self.answers = answers
            self.isWritable = isWritable
            self.message = message
        }
    }

    public struct Quorum: Hashable, Sendable {
        public var voters: Int
        public var up: Int
        public var needed: Int

        public init(voters: Int, up: Int, needed: Int) {
            self.voters = voters
            self.up = up
            self.needed = needed
        }
    }

    public struct Endpoint: Hashable, Sendable {
        public var url: String
        /// Nil: the node that was asked does not speak to it.
        public var isHealthy: Bool?
        public var message: String

        public init(url: String, isHealthy: Bool?, message: String) {
            self.url = url
            self.isHealthy = isHealthy
            self.message = message
        }
    }

    public struct Node: Hashable, Sendable {
        public var name: String
        /// Nil: it answers.
        public var silence: Silence?
        /// Nil: it did not say it; ``unreported`` says why.
        public var report: Report?
        public var unreported: String
        /// Its clock minus that of the node that was asked.
        public var clockSkewMs: Int64?
        public var programs: [Program]
        /// What waits for it to be cleaned up: a volume, and paths of bricks.
        public var left: [Left]
        /// Volumes that were changed without it, and who said that it gives no client anything.
        public var fences: [Fence]

        public init(name: String) {
            self.name = name
            unreported = ""
            programs = []
            left = []
            fences = []
        }
    }

    public struct Silence: Hashable, Sendable {
        /// Since its last answer; nil: there was none.
        public var seconds: Int64?
        public var why: String

        public init(seconds: Int64?, why: String) {
            self.seconds = seconds
            self.why = why
        }
    }

    /// What a node says of itself.
    public struct Report: Hashable, Sendable {
        public var isOpenToJoin: Bool
        public var certificates: [Certificate]
        /// Seconds since 1970; nil: it has no snapshot.
        public var snapshotTaken: Int64?
        /// Of its etcd; nil: it runs none.
        public var database: Database?

        public init(
            isOpenToJoin: Bool, certificates: [Certificate], snapshotTaken: Int64?,
            database: Database?
        ) {
            self.isOpenToJoin = isOpenToJoin
            self.certificates = certificates
            self.snapshotTaken = snapshotTaken
            self.database = database
        }
    }

    public struct Certificate: Hashable, Sendable {
        /// What it is for: `nodes`, `members` or `etcd`.
        public var use: String
        /// Seconds since 1970.
        public var expires: Int64

        public init(use: String, expires: Int64) {
            self.use = use
            self.expires = expires
        }
    }

    public struct Database: Hashable, Sendable {
        public var bytes: UInt64
        public var quotaBytes: UInt64

        public init(bytes: UInt64, quotaBytes: UInt64) {
            self.bytes = bytes
            self.quotaBytes = quotaBytes
        }
    }

    public struct Program: Hashable, Sendable {
        public var name: String
        public var version: String
        /// Why it may not change the store; nil: it may.
        public var refusal: String?

        public init(name: String, version: String, refusal: String? = nil) {
            self.name = name
            self.version = version
            self.refusal = refusal
        }
    }

    public struct OwnProgram: Hashable, Sendable {
        public var name: String
        public var answers: Bool

        public init(name: String, answers: Bool) {
            self.name = name
            self.answers = answers
        }
    }

    public struct Left: Hashable, Sendable {
        public var volume: String
        public var bricks: [String]

        public init(volume: String, bricks: [String]) {
            self.volume = volume
            self.bricks = bricks
        }
    }

    public struct Fence: Hashable, Sendable {
        public var volume: String
        public var by: String
        /// Time in UTC (RFC 3339).
        public var since: String

        public init(volume: String, by: String, since: String) {
            self.volume = volume
            self.by = by
            self.since = since
        }
    }

    /// An authority that signs.
    public struct Authority: Hashable, Sendable {
        public var use: String
        /// Seconds since 1970.
        public var expires: Int64

        public init(use: String, expires: Int64) {
            self.use = use
            self.expires = expires
        }
    }

    /// A removed peer whose keys of the authorities still open something.
    public struct Removed: Hashable, Sendable {
        public var name: String
        /// What is done about it.
        public var why: String
        /// Whom that waits for, and why.
        public var waitingFor: [String]

        public init(name: String, why: String, waitingFor: [String]) {
            self.name = name
            self.why = why
            self.waitingFor = waitingFor
        }
    }

    public struct Volume: Hashable, Sendable {
        public var name: String
        /// Whether it has two copies and nothing that decides between them.
        public var hasTwoCopiesAlone: Bool
        /// Empty: it is not started.
        public var bricks: [Brick]

        public init(name: String, hasTwoCopiesAlone: Bool, bricks: [Brick]) {
            self.name = name
            self.hasTwoCopiesAlone = hasTwoCopiesAlone
            self.bricks = bricks
        }
    }

    /// A brick that should run.
    public struct Brick: Hashable, Sendable {
        public enum State: Hashable, Sendable {
            case online
            /// With what its gd2-brickd says of it.
            case offline(String)
            /// Nobody says how it is now, for what the text says.
            case unknown(String)
        }

        /// The node, by its name.
        public var node: String
        public var path: String
        public var state: State

        public init(node: String, path: String, state: State) {
            self.node = node
            self.path = path
            self.state = state
        }
    }

    public struct Job: Hashable, Sendable {
        public var id: String
        /// As `create-volume of volume/gv0`.
        public var what: String
        public var seconds: Int64
        /// How far it is.
        public var progress: String

        public init(id: String, what: String, seconds: Int64, progress: String) {
            self.id = id
            self.what = what
            self.seconds = seconds
            self.progress = progress
        }
    }
}
