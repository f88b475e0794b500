/// Bounds of gd2-store.
enum Limits {
    /// etcd is on loopback, where an attempt costs nothing and a change waits for it.
    static let reconnectMinMs = 50
    static let reconnectMaxMs = 100
    /// One call to etcd; a caller's own limit is longer.
    static let etcdCallMs = 4_000
    /// Between two looks at etcd's size and health.
    static let healthEverySeconds = 10
    /// The same while etcd does not answer.
    static let healthRetrySeconds = 1
    /// Used share of the quota, in percent, from which an alarm is raised.
    static let sizeAlarmPercent: UInt64 = 80
    /// Used share of the quota, in percent, below which a full store is made to take changes again.
    static let reclaimBelowPercent: UInt64 = 70
    /// Between two attempts at it.
    static let reclaimEvery: Duration = .seconds(300)
    static let revisionsKeptWhenFull: Int64 = 10
    /// Compaction or defragmentation of a full store.
    static let reclaim: Duration = .seconds(60)
    /// The lease behind `alive/<peer>`.
    static let aliveTTLSeconds: Int64 = 10
    static let retryMs = 100
    /// Different reasons that are logged while etcd is away, and how long it has to have been
    /// reached for them to be news again.
    static let failuresLogged = 8
    static let reachedFor: Duration = .seconds(5)
    /// How often the certificates are looked at, which are renewed 30 days before their end: a
    /// clock that is set right after the boot may end them at once.
    static let certificateLookEvery = Duration.seconds(60)
}
