/// Bounds of what all daemons share.
enum Limits {
    /// Descriptors of one program, where its hard limit allows so many.
    static let openFiles: UInt = 65_536
    /// Threads that serve sockets, of a host with so many cores: what computes has as many threads
    /// again as there are cores, and each costs memory.
    static func eventLoops(cores: Int) -> Int { max(1, min(4, cores / 2)) }
    static let metricSeries = 5_000
    /// Of a configuration file.
    static let lineBytes = 4_096
    /// A scrape that sends nothing, or reads nothing, is cut off.
    static let metricsIdleSeconds: Int64 = 10
    /// Of systemd's watchdog time: how often it hears of us.
    static let watchdogFraction = 3
}
