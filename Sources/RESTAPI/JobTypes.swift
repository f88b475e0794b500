/// A piece of work that was asked for: an element of `GET /v1/jobs`. Not in GD2.
public struct JobInfo: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case running, undoing, done, failed, cancelled

        public var hasEnded: Bool { self != .running && self != .undoing }
    }

    public struct Progress: Hashable, Sendable, Codable {
        /// Steps done, and all there are; both 0 where there are none.
        public var done: Int
        public var steps: Int
        public var text: String
        /// What has not been reported yet, by peers and bricks.
        public var missing: [String]?

        public init(done: Int, steps: Int, text: String, missing: [String]? = nil) {
            self.done = done
            self.steps = steps
            self.text = text
            self.missing = missing
        }
    }

    public struct Failure: Hashable, Sendable, Codable {
        /// The kind of failure: `conflict`, `timed-out` and the like.
        public var code: String
        public var message: String
        public var fields: [String: String]?

        public init(code: String, message: String, fields: [String: String]? = nil) {
            self.code = code
            self.message = message
            self.fields = fields
        }
    }

    public var id: String
    /// `create-volume`, `delete-volume`, `start-volume`, `stop-volume`.
    public var operation: String
    /// `volume/NAME`.
    public var object: String
    public var state: State
    public var by: String
    /// The node that carries it out.
    public var peerID: String
    public var peer: String
    public var progress: Progress
    /// Time in UTC (RFC 3339).
    public var started: String
    public var ended: String?
    /// Path of what it made or changed, when it is done.
    public var result: String?
    public var error: Failure?

    public init(
        id: String, operation: String, object: String, state: State, progress: Progress
    ) {
        self.id = id
        self.operation = operation
        self.object = object
        self.state = state
        self.progress = progress
        by = ""
        peerID = ""
        peer = ""
        started = ""
    }

    enum CodingKeys: String, CodingKey {
        case id, operation, object, state, by, peer, progress, started, ended, result, error
        case peerID = "peer-id"
    }
}

/// The query parameter of a change whose job is answered at once, with 202.
public let asyncParameter = "async"
/// A request with the same key as another, and else equal, is answered as that one was.
public let idempotencyHeader = "Idempotency-Key"
