public import ArgumentParser
import CLinux
import CoreMetrics
import FoundationEssentials
import Glibc
public import GlusterModel
public import Logging
import Metrics
import NIOCore
public import ServiceLifecycle
import Synchronization
import UnixSignals

/// The flags of every daemon.
public struct DaemonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Configuration file (default /etc/gd2/PROGRAM.toml).", valueName: "file")
    )
    public var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A setting, before environment and file; may be repeated.", valueName: "key=value"))
    public var assignments: [String] = []

    @Flag(help: "Read the configuration, print what is wrong with it, and start nothing.")
    public var checkConfig = false

    @Flag(help: "Print every setting with its meaning and value as TOML, and start nothing.")
    public var showConfig = false

    public init() {}

    /// What the help of every daemon ends with.
    public static func discussion(of program: String, example: String) -> String {
        """
        Example: \(example)
        Settings: \(program) --show-config, and gd2.toml(5).
        Exit status: 0 stopped in order, 1 failed, 64 wrong usage, 78 wrong configuration.
        """
    }
}

/// What a daemon's services are made of.
public struct DaemonContext<Configuration: DaemonConfiguration>: Sendable {
    public let configuration: Configuration
    public let log: Logger
    /// New at every start of the process.
    public let incarnation: IncarnationID
    private let process: DaemonProcess<Configuration>

    init(_ configuration: Configuration, _ log: Logger, _ process: DaemonProcess<Configuration>) {
        self.configuration = configuration
        self.log = log
        self.process = process
        var generator = SystemRandomNumberGenerator()
        incarnation = IncarnationID(using: &generator)
    }

    /// A listening, non-blocking descriptor: systemd's socket of that FileDescriptorName, or one of
    /// our own. The caller owns it.
    public func listener(_ name: String, or address: ListenerAddress) throws -> Int32 {
        try process.state.withLock { try $0.listeners.take(name, or: address) }
    }

    /// Calls `body` with the new configuration after each SIGHUP.
    public func onReload(_ body: @escaping @Sendable (Configuration) -> Void) {
        process.state.withLock { $0.reloaders.append(body) }
    }
}

final class DaemonProcess<Configuration: DaemonConfiguration>: Sendable {
    struct State {
        var listeners: Listeners
        var reloaders: [@Sendable (Configuration) -> Void] = []
    }
    let state: Mutex<State>

    init(listeners: Listeners) { state = Mutex(State(listeners: listeners)) }
}

/// Runs a daemon: reads its configuration, logs, keeps only `capabilities`, makes the services,
/// tells systemd, reloads on SIGHUP, and stops in order on SIGTERM or SIGINT. Returns when the
/// services have ended; ends the process with 78 (EX_CONFIG) for a wrong configuration and with 1
/// for any other failure.
public func runDaemon<Configuration: DaemonConfiguration>(
    _ name: String, _ options: DaemonOptions, _: Configuration.Type,
    capabilities: [String] = [],
    services: (DaemonContext<Configuration>) async throws -> [any Service]
) async {
    let onlyNeeded = Capabilities.keepOnly(capabilities)
    signal(SIGPIPE, SIG_IGN)
    NIOSingletons.groupLoopCountSuggestion = Limits.eventLoops
    // What is as large is given back when it is freed (mallopt(3)): else the first such piece
    // raises the threshold, and later ones stay for ever between others.
    mallopt(M_MMAP_THRESHOLD, 256 << 10)
    FileLimit.raise()
    let environment = ProcessInfo.processInfo.environment
    let reader = ConfigurationReader(
        file: options.config ?? "/etc/gd2/\(name).toml", fileIsRequired: options.config != nil,
        environment: environment, assignments: options.assignments)
    let (configuration, common): (Configuration, CommonSettings)
    do { (configuration, common) = try reader.read(Configuration.self) } catch {
        say("\(error)\n", to: STDERR_FILENO)
        exit(EX_CONFIG)
    }
    if options.checkConfig { return }
    if options.showConfig {
        say(ConfigurationText(configuration, common).text, to: STDOUT_FILENO)
        return
    }

    let level = SharedLevel(Logger.Level(rawValue: common.logLevel) ?? .info)
    let toJournal = LogOutput.stderrIsJournal(environment)
    LoggingSystem.bootstrap { LogOutput(label: $0, level: level, toJournal: toJournal) }
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    Gauge(label: "gd2_build_info", dimensions: [("version", suiteVersion), ("program", name)])
        .record(1)
    let log = Logger(label: name)
    if !onlyNeeded { log.warning("capabilities not given up") }
    do {
        try FileLimit.check()
        let process = DaemonProcess<Configuration>(listeners: .fromSystemd())
        let context = DaemonContext(configuration, log, process)
        var all = try await services(context)
        if let metrics = try metricsServer(context, common, process, registry) {
            all.append(metrics)
        }
        all.append(
            Reloading(log: log) {
                let (configuration, common) = try reader.read(Configuration.self)
                level.value = Logger.Level(rawValue: common.logLevel) ?? .info
                for body in process.state.withLock({ $0.reloaders }) { body(configuration) }
            })
        all.append(Readiness(log: log, stopTimeoutSeconds: common.stopTimeoutSeconds))
        try await run(all, log)
        log.info("stopped")
    } catch {
        log.error("stopped by an error", metadata: ["error": "\(error)"])
        exit(EXIT_FAILURE)
    }
}

private func run(_ services: [any Service], _ log: Logger) async throws {
    var quiet = log
    quiet.logLevel = log.logLevel
    let group = ServiceGroup(
        configuration: .init(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    try await group.run()
}

private func metricsServer<Configuration>(
    _ context: DaemonContext<Configuration>, _ common: CommonSettings,
    _ process: DaemonProcess<Configuration>, _ registry: PrometheusRegistry
) throws -> MetricsServer? {
    let passed = process.state.withLock { $0.listeners.has("metrics") }
    guard passed || !common.metricsSocket.isEmpty else { return nil }
    let descriptor = try context.listener(
        "metrics", or: .unix(path: common.metricsSocket, mode: 0o660))
    return MetricsServer(descriptor: descriptor, registry: registry, log: context.log)
}

/// Without a logger yet.
private func say(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
}
