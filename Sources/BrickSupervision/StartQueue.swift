/// Who may be started now: so many at a time, in the order in which they came. A host that boots
/// has hundreds of bricks to start, and each takes memory, disk and a core while it begins.
public struct StartQueue: Sendable {
    private let limit: Int
    private var waiting: [ProcessRole] = []
    private var running: Set<ProcessRole> = []

    /// `limit`: at least 1.
    public init(limit: Int) { self.limit = limit }

    public mutating func add(_ role: ProcessRole) { waiting.append(role) }

    /// The start of `role` is over: it serves, or has failed or ended.
    public mutating func ended(_ role: ProcessRole) { running.remove(role) }

    /// Those whose turn it is now; each counts until it has ``ended(_:)``.
    public mutating func admit() -> [ProcessRole] {
        let count = min(waiting.count, limit - running.count)
        guard count > 0 else { return [] }
        let admitted = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        running.formUnion(admitted)
        return admitted
    }
}
