public import GlusterModel
public import StoreAPI

/// A copy of some prefixes of the store as one revision had them.
public struct MirrorView: Sendable {
    /// Which store this is a view of; nil until a store was reached once, now or in an earlier run.
    public var identity: StoreIdentity?
    public var revision: Int64
    public var values: MirroredValues
    /// Whether the watch is open and has caught up, or else since when (CLOCK_BOOTTIME) it is not.
    public var freshness: Freshness
    /// The epoch that the store is in by now, when that is a later one: by a recovery, which may
    /// have undone some of what this view says. Nil: none is known.
    public internal(set) var laterEpoch: Epoch?
    /// How often the watch was lost in this run before this view.
    public internal(set) var losses = 0
    /// Counts what this mirror's views say: of two with the same number one may have a higher
    /// revision, and no more.
    public internal(set) var number: UInt64 = 0
    var recent = RecentChanges()

    public enum Freshness: Sendable, Hashable {
        case current
        /// `age`: how long ago this view was last known to be current; nil after a restart, when
        /// the clock of an earlier boot says nothing.
        case stale(age: Duration?)
    }

    public init(
        identity: StoreIdentity? = nil, revision: Int64 = 0,
        values: MirroredValues = MirroredValues(),
        freshness: Freshness = .stale(age: nil)
    ) {
        self.identity = identity
        self.revision = revision
        self.values = values
        self.freshness = freshness
    }

    /// The keys that views of the same mirror after that of `number` up to this one changed; nil:
    /// it may be any.
    public func keysChanged(since number: UInt64) -> [String]? {
        recent.keys(after: number, to: self.number)
    }
}
