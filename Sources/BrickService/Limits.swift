/// Bounds of gd2-brickd.
enum Limits {
    static let tickMs = 100
    /// A brick that listens for this long after its start serves, also when nobody saw it sign in.
    static let signInMissedAfter = Duration.seconds(3)
    /// Turns of `tickMs` that a step waits for a brick process to end.
    static let endPolls = 100
    /// Reports within this time go into one write.
    static let reportPauseMs = 30
    static let reportRetryMs = 300
    /// Reports in one Txn.
    static let reportsAtOnce = 64
}
