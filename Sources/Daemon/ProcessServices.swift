import CSystemd
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Tells systemd that the daemon is ready, alive and stopping (sd_notify(3)), and cuts what is
/// still connected when an ordered stop was given its time.
struct Readiness: Service {
    let log: Logger
    let stopTimeoutSeconds: Int

    func run() async throws {
        sd_notify(0, "READY=1")
        log.info("ready")
        let (seconds, stop) = (Int64(stopTimeoutSeconds), log)
        try await withGracefulShutdownHandler {
            try await cancelWhenGracefulShutdown { try await self.feedWatchdog() }
        } onGracefulShutdown: {
            sd_notify(0, "STOPPING=1")
            MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: .seconds(seconds)) {
                stop.info("stopped, connections cut", metadata: ["after": "\(seconds) s"])
                _exit(0)
            }
        }
    }

    /// The event loop has to turn for each sign of life.
    private func feedWatchdog() async throws {
        var microseconds: UInt64 = 0
        let enabled = sd_watchdog_enabled(0, &microseconds) > 0
        let pause = Duration.microseconds(
            enabled ? Int64(microseconds) / Int64(Limits.watchdogFraction) : 3_600_000_000)
        do {
            while true {
                try await Task.sleep(for: pause)
                try await MultiThreadedEventLoopGroup.singleton.next().submit {}.get()
                if enabled { sd_notify(0, "WATCHDOG=1") }
            }
        } catch is CancellationError {}
    }
}

/// Reads the configuration again on SIGHUP. A wrong one is reported and changes nothing.
struct Reloading: Service {
    let log: Logger
    let reload: @Sendable () throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                var now = timespec()
                clock_gettime(CLOCK_MONOTONIC, &now)
                sd_notify(
                    0, "RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)"
                )
                do {
                    try reload()
                    log.notice("configuration read again")
                } catch {
                    log.error(
                        "configuration refused, the old one stays", metadata: ["error": "\(error)"])
                }
                sd_notify(0, "READY=1")
            }
        }
    }
}
