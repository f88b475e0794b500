/// Bounds of the mirror.
enum Limits {
    static let retryMinMs = 20
    static let retryMaxMs = 500
    static let persistEveryMs = 400
    /// So many times longer than it took to write it a file stays as it is: of many keys it takes
    /// a while, which is not to be spent at each change.
    static let persistPause = 100
    static let persistEveryMaxMs = 2_000
    /// Views whose changes are known by key.
    static let recentChanges = 256
    /// A file is also written when the store has come so many revisions further with nothing new
    /// here: what is older is compacted one day, and all would be listed anew.
    static let persistRevisions: Int64 = 1_000
    /// A file that could not be written is tried again after this long, without a change too.
    static let persistRetryMs = 3_000
    /// Bytes of a file of the last view.
    static let fileBytes = 512 << 20
}
