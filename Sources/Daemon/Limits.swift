/// Bounds of what all daemons share.
enum Limits {
    /// Descriptors of one program, where its hard limit allows so many.
    static let openFiles: UInt = 65_536
    /// With fewer no daemon begins: its loops and sockets take some forty.
    static let openFilesMin: UInt = 128
    /// Loops for gRPC and what goes with it: a call that another one waits for stays on its thread.
    /// Many clients have loops of their own (`EventLoopTasks.httpLoops`).
    static let eventLoops = 1
    static let metricSeries = 5_000
    /// Of a configuration file.
    static let fileBytes = 1 << 20
    static let lineBytes = 4_096
    /// A scrape that sends nothing, or reads nothing, is cut off.
    static let metricsIdleSeconds: Int64 = 10
    /// Of systemd's watchdog time: how often it hears of us.
    static let watchdogFraction = 3
}
