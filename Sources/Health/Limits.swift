/// From when on something is found.
enum Limits {
    /// A clock that is off by more.
    static let skewMs: Int64 = 1_000
    /// A newest snapshot that is older; they are taken every 6 hours by default.
    static let snapshotHours: Int64 = 48
    /// Certificates are renewed 30 days before their end: with fewer days left that has failed for
    /// two weeks.
    static let certificateDays: Int64 = 15
    /// Then it is an error.
    static let certificateErrorDays: Int64 = 3
    /// No certificate outlives its authority, whose exchange is asked for.
    static let authorityDays: Int64 = 365
    /// Used share of the store's quota, in percent.
    static let storePercent: UInt64 = 80
    static let storeErrorPercent: UInt64 = 95
    /// Keys that one finding names.
    static let keysNamed = 5
    /// A job that has not ended for so long.
    static let jobSeconds: Int64 = 600
}
