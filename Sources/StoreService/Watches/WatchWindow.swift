import StoreAPI

/// The last changes that a node's one watch has brought, whole revisions in order, for all who
/// follow the store through it. Who is further behind than it reaches has to catch up first.
struct WatchWindow {
    private var changes: [Change] = []
    private var sizes: [Int] = []
    private var bytes = 0
    /// All that changed after this revision, up to ``reached``, is in the window.
    private(set) var floor: Int64
    /// The watch has brought everything up to this revision.
    private(set) var reached: Int64
    private let revisionsMax: Int
    private let bytesMax: Int

    /// A window that begins after `revision`.
    init(after revision: Int64, revisionsMax: Int, bytesMax: Int) {
        floor = revision
        reached = revision
        self.revisionsMax = revisionsMax
        self.bytesMax = bytesMax
    }

    /// Takes the next change; one that it has already, as a watch that was resumed may bring it, is
    /// left out.
    mutating func append(_ change: Change) {
        guard change.revision > reached else { return }
        reached = change.revision
        guard !change.puts.isEmpty || !change.deletes.isEmpty else { return }
        let size = Self.size(of: change)
        changes.append(change)
        sizes.append(size)
        bytes += size
        while changes.count > revisionsMax || bytes > bytesMax {
            floor = changes.removeFirst().revision
            bytes -= sizes.removeFirst()
        }
    }

    /// The changes after `revision` below `prefixes`, and then an empty one where the watch has
    /// come further; none when there is nothing new. Nil: the window does not reach back so far.
    func changes(after revision: Int64, below prefixes: [String]) -> [Change]? {
        guard revision >= floor else { return nil }
        guard reached > revision else { return [] }
        var found = changes.drop { $0.revision <= revision }.compactMap { change in
            change.below(prefixes)
        }
        if (found.last?.revision ?? 0) < reached {
            found.append(Change(revision: reached, puts: [], deletes: []))
        }
        return found
    }

    private static func size(of change: Change) -> Int {
        change.puts.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
            + change.deletes.reduce(0) { $0 + $1.utf8.count }
    }
}

extension Change {
    /// What of it is below one of `prefixes`; nil: nothing.
    func below(_ prefixes: [String]) -> Change? {
        let isBelow = { (key: String) in prefixes.contains { key.hasPrefix($0) } }
        let found = Change(
            revision: revision, puts: puts.filter { isBelow($0.key) },
            deletes: deletes.filter(isBelow))
        return found.puts.isEmpty && found.deletes.isEmpty ? nil : found
    }
}
