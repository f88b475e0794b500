enum Limits {
    /// How often a program that is busy is tried, and the pause between.
    static let busyTries = 20
    static let busyPause: Duration = .milliseconds(10)
}
