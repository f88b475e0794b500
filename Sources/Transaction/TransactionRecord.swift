public import GlusterModel

/// The journal of one transaction: stored at `txns/<id>`, written by its coordinator alone, under
/// the lock `lock`, and removed when all is done.
public struct TransactionRecord: Hashable, Sendable, Codable {
    public var schema: Int
    public var id: TransactionID
    /// The session (`sessions/<id>`) that runs it. When that is gone, another takes it over.
    public var owner: IncarnationID
    /// The object that is locked: `volume/<name>`.
    public var lock: String
    /// Its epoch and the create revision of the lock's key; replaced by whoever takes over. A
    /// record that was written together with its lock has token 0 in the store (``locked(at:)``).
    public var fence: FencingToken
    public var operation: Operation
    public var steps: [Step]
    public var phase: Phase
    /// The generation of the volume that it writes, to be dropped when it is undone; nil: the
    /// volume is a new one, or none is written.
    public var generation: Int?

    public enum Operation: String, Hashable, Sendable, Codable {
        case createVolume = "create-volume"
        case deleteVolume = "delete-volume"
        case replaceBrick = "replace-brick"
    }

    public init(
        id: TransactionID, owner: IncarnationID, lock: String, fence: FencingToken,
        operation: Operation, steps: [Step]
    ) {
        schema = 1
        self.id = id
        self.owner = owner
        self.lock = lock
        self.fence = fence
        self.operation = operation
        self.steps = steps
        phase = .running(step: 0)
    }

    /// As read from the store, where `created` is the create revision of its key: that of the lock
    /// too, when it was not known yet as both were written.
    public func locked(at created: Int64) -> Self {
        guard fence.token == 0 else { return self }
        var record = self
        record.fence = FencingToken(epoch: fence.epoch, token: created)
        return record
    }

    /// The job that this carries out.
    public var job: JobID { JobID(high: id.high, low: id.low) }
}

/// How far a transaction is. It is journalled before what it names is begun, so that a step that
/// it names may not have run, have run half, or have run whole.
public enum Phase: Hashable, Sendable {
    /// Step `step` and those before it run.
    case running(step: Int)
    /// Step `step` and those before it are undone, the last first.
    case undoing(step: Int, cause: String)
    /// What was to change is in the store. Step `step` and those behind it run now, and are never
    /// undone.
    case committed(step: Int)
}

extension Phase: Codable {
    private enum Key: String, CodingKey { case name, step, cause }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let step = try container.decode(Int.self, forKey: .step)
        switch try container.decode(String.self, forKey: .name) {
        case "running": self = .running(step: step)
        case "undoing":
            self = .undoing(step: step, cause: try container.decode(String.self, forKey: .cause))
        case "committed": self = .committed(step: step)
        case let name:
            throw DecodingError.dataCorruptedError(
                forKey: .name, in: container, debugDescription: "unknown phase \(name)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .running(let step):
            try container.encode("running", forKey: .name)
            try container.encode(step, forKey: .step)
        case .undoing(let step, let cause):
            try container.encode("undoing", forKey: .name)
            try container.encode(step, forKey: .step)
            try container.encode(cause, forKey: .cause)
        case .committed(let step):
            try container.encode("committed", forKey: .name)
            try container.encode(step, forKey: .step)
        }
    }
}
