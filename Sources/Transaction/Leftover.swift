public import GlusterModel

/// What a transaction left to clean up to a node that was away: the undo of a step, or a step after
/// the commit. Stored at `txns/left/<peer>/<txn>-<step>`, written together with the journal that
/// goes on without it, carried out by that node's gd2-brickd and removed by it.
public struct Leftover: Hashable, Sendable, Codable {
    public var schema: Int
    public var transaction: TransactionID
    /// The step's number in its transaction.
    public var number: Int
    public var operation: TransactionRecord.Operation
    /// The object that was locked, and the coordinator's fence: older ones of it, and a step of the
    /// same one, are refused from here on.
    public var lock: String
    public var fence: FencingToken
    public var isUndo: Bool
    public var step: Step
    /// Unix time of the node that left it; nil: not known.
    public var sinceMs: Int64?

    /// Of the step that `record` is at; nil where there is none to be cleaned up.
    public init?(of record: TransactionRecord, step number: Int, sinceMs: Int64? = nil) {
        guard record.steps.indices.contains(number) else { return nil }
        switch record.phase {
        case .running: return nil
        case .undoing: isUndo = true
        case .committed: isUndo = false
        }
        schema = 1
        transaction = record.id
        self.number = number
        operation = record.operation
        lock = record.lock
        fence = record.fence
        step = record.steps[number]
        self.sinceMs = sinceMs
    }

    public var peer: PeerID { step.peer }
    /// The job that it is of.
    public var job: JobID { JobID(high: transaction.high, low: transaction.low) }

    /// What nodes remember of it before they begin (``FenceTable``).
    public var bound: FenceTable.Fence { .init(token: fence, isUndo: isUndo) }

    /// Whether it has to do with a brick of `step`: it has to be done before directories are
    /// marked, since its marks would be taken for what was there before.
    public func touches(_ step: Step) -> Bool {
        guard step.peer == peer else { return false }
        return self.step.arguments.bricks.contains { own in
            step.arguments.bricks.contains {
                $0.path.contains(own.path) || own.path.contains($0.path)
            }
        }
    }
}
