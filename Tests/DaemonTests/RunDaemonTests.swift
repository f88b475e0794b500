import ArgumentParser
import Daemon
import FoundationEssentials
import Glibc
import ServiceLifecycle
import Testing

/// What a whole daemon does, in a process of its own.
@Suite struct RunDaemonTests {
    struct Settings: DaemonConfiguration {
        static let meanings: [String: String] = [:]
        var port = 1
        func problems() -> [String] { port == 666 ? ["port 666 is not to be had"] : [] }
    }

    private static func run(_ arguments: [String]) async throws {
        let options = try DaemonOptions.parse(arguments)
        await runDaemon("gd2-test", options, Settings.self) { _ -> [any Service] in
            // Nothing is to be started by a check.
            _exit(99)
        }
    }

    @Test func aGoodConfigurationIsCheckedAndNothingIsStarted() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try await Self.run(["--check-config", "--set", "port=2"])
            _exit(7)
        }
    }

    @Test func aWrongConfigurationEndsWith78AndItsProblems() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(EX_CONFIG), observing: [\.standardErrorContent]
        ) {
            try await Self.run(["--check-config", "--set", "port=666"])
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("port 666 is not to be had"))
    }

    @Test func aWrongConfigurationStartsNothing() async {
        await #expect(processExitsWith: .exitCode(EX_CONFIG)) {
            try await Self.run(["--config", "/nonexistent/gd2.toml"])
        }
    }

    @Test func aConfigurationThatCannotBeReadEndsWith78AndItsReason() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(EX_CONFIG), observing: [\.standardErrorContent]
        ) {
            try await Self.run(["--check-config", "--config", "/"])
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("/: cannot be read: Is a directory"))
    }

    /// An event loop would end the program, when somebody connects for the first time.
    @Test func withTooFewDescriptorsNothingIsStarted() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(EXIT_FAILURE), observing: [\.standardErrorContent]
        ) {
            var few = rlimit(rlim_cur: 100, rlim_max: 100)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
            try await Self.run([])
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("100 files may be open, and 128 are needed"), "\(text)")
    }

    @Test func aServiceThatCannotBeMadeEndsWith1() async {
        await #expect(processExitsWith: .exitCode(EXIT_FAILURE)) {
            let options = try DaemonOptions.parse([])
            await runDaemon("gd2-test", options, Settings.self) { context -> [any Service] in
                _ = try context.listener(
                    "x", or: .unix(path: "/nonexistent/folder/s", mode: 0o600))
                return []
            }
        }
    }
}
