public import GlusterModel

/// One piece of work that was asked for, from its begin to the end of its history: stored at
/// `jobs/<id>`. It outlives client and coordinator.
public struct JobRecord: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case running
        /// Its transaction is being undone; shown only, since the journal says it.
        case undoing
        case done, failed, cancelled

        public var hasEnded: Bool {
            switch self {
            case .running, .undoing: false
            case .done, .failed, .cancelled: true
            }
        }
    }

    /// Why it failed, as its client was told.
    public struct Failure: Hashable, Sendable, Codable {
        /// GD2Error's code.
        public var code: String
        public var message: String
        public var fields: [String: String]

        public init(code: String, message: String, fields: [String: String] = [:]) {
            self.code = code
            self.message = message
            self.fields = fields
        }
    }

    public var schema: Int
    public var id: JobID
    /// `create-volume`, `delete-volume`, `start-volume`, `stop-volume`; a text, so that those of
    /// later versions are shown too.
    public var operation: String
    /// `volume/<name>`.
    public var object: String
    /// The user or address that asked.
    public var by: String
    /// The node that carries it out, and its session there: when that is gone, another takes it.
    public var peer: PeerID
    public var owner: IncarnationID
    public var state: State
    /// Whether its change is in the store, so that it cannot be cancelled any more.
    public var isCommitted: Bool
    /// Unix time of the node that began it, and of the one that ended it.
    public var startedMs: Int64
    public var endedMs: Int64?
    /// Of a wait for nodes: the volume. The nodes have to answer the job's create revision, at
    /// which the volume's head was written.
    public var waitsFor: VolumeID?
    /// Path of what it made or changed, in the REST API.
    public var result: String?
    public var error: Failure?

    public init(
        id: JobID, operation: String, object: String, by: String, startedMs: Int64
    ) {
        schema = 1
        self.id = id
        self.operation = operation
        self.object = object
        self.by = by
        peer = PeerID(high: 0, low: 0)
        owner = IncarnationID(high: 0, low: 0)
        state = .running
        isCommitted = false
        self.startedMs = startedMs
    }

    /// The same job at its end; `error` nil: all was done.
    public func ended(_ state: State, error: Failure? = nil, atMs: Int64) -> JobRecord {
        var job = self
        job.state = state
        job.error = error
        job.endedMs = atMs
        return job
    }

    /// Which of `jobs` the history has no room for: those that ended more than `ageMs` ago, and
    /// the oldest above `keep`; the oldest first.
    public static func surplus(
        of jobs: [JobRecord], nowMs: Int64, keep: Int, ageMs: Int64
    ) -> [JobID] {
        let ended = jobs.filter(\.state.hasEnded).sorted {
            ($0.endedMs ?? 0, $0.id) < ($1.endedMs ?? 0, $1.id)
        }
        let tooMany = max(0, ended.count - keep)
        let old = ended.prefix { nowMs - ($0.endedMs ?? 0) > ageMs }.count
        return ended.prefix(max(tooMany, old)).map(\.id)
    }
}
