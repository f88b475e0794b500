import FoundationEssentials
import Seeded
import TemporaryFolder
import Testing

@testable import Daemon

/// Configuration files that nobody would write.
@Suite struct HostileConfigurationTests {
    private typealias Settings = ConfigurationTests.Settings

    private static let good = """
        # A comment
        state-directory = "/file"
        port = 2
        is-quick = true
        hosts = ["a", 'b']
        log-level = "info"
        [callers]
        x = "gd2-rest"
        "y z" = \"\"\"
        admin\"\"\"
        """

    private func read(_ bytes: [UInt8]) throws -> Settings {
        try TemporaryFolder.with { folder in
            let path = folder + "/gd2.toml"
            try Data(bytes).write(to: URL(filePath: path))
            let reader = ConfigurationReader(
                file: path, fileIsRequired: true, environment: [:], assignments: [])
            return try reader.read(Settings.self).0
        }
    }

    /// Read, or refused with problems that say something.
    private func check(_ bytes: [UInt8]) throws {
        do { _ = try read(bytes) } catch let error as ConfigurationError {
            #expect(!error.problems.isEmpty)
            #expect(error.problems.allSatisfy { !$0.isEmpty })
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func aBentFileIsReadOrRefused(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let good = Array(Self.good.utf8)
        #expect(try read(good).port == 2)
        for _ in 0..<500 {
            try check(random.bend(good))
            await Task.yield()
        }
    }

    @Test func bytesAtRandomAreReadOrRefused() async throws {
        var random = SplitMix(seed: 5)
        let alphabet = Array("[]{}=.,'\"\\#\n\r\t 0159abex_-+:TZ\0é".utf8)
        for length in 0..<400 {
            try check(random.bytes(length))
            try check((0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 })
            await Task.yield()
        }
    }

    @Test(arguments: [
        String(repeating: "[", count: 100_000), "x = " + String(repeating: "[", count: 100_000),
        "x = " + String(repeating: "{a=", count: 50_000),
        "a" + String(repeating: ".a", count: 50_000) + " = 1",
        "port = " + String(repeating: "9", count: 10_000),
        "state-directory = \"" + String(repeating: "x", count: 1 << 20), "port = 1\0", "[=",
        "a = 1\n [ \n", "[[\t#",
    ])
    func whatIsTooDeepOrTooLongIsRefused(text: String) {
        #expect(throws: ConfigurationError.self) { try read(Array(text.utf8)) }
    }
}
