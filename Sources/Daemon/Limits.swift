/// Bounds of what all daemons share.
enum Limits {
    static let metricSeries = 5_000
    /// A scrape that sends nothing, or reads nothing, is cut off.
    static let metricsIdleSeconds: Int64 = 10
    /// Of systemd's watchdog time: how often it hears of us.
    static let watchdogFraction = 3
}
