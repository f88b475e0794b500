/// Bounds of supervision.
public enum Limits {
    /// Pauses before a process that ended by itself is started again, one after the other; the last
    /// for ever, since a brick that stays away is worse than one more try.
    static let backOff: [Duration] = [
        .milliseconds(100), .milliseconds(300), .seconds(1), .seconds(2), .seconds(5),
        .seconds(10), .seconds(30),
    ]
    /// Ends in a row from which a process is reported as failed.
    static let failuresReported = 4
    /// A process that was online this long has no failures behind it any more.
    static let healthyAfter: Duration = .seconds(60)
    /// A process that has not signed in by then is killed and started anew.
    static let startTime: Duration = .seconds(120)
    /// Between SIGTERM and SIGKILL.
    static let stopTime: Duration = .seconds(10)
}
