import FoundationEssentials
import Glibc
import Testing

@testable import TemporaryFolder

@Suite struct TemporaryFolderTests {
    @Test(arguments: [false, true])
    func itIsGoneWithAllThatIsInItAlsoWhenItsBodyThrows(onDisk: Bool) throws {
        var folder = ""
        #expect(throws: CancellationError.self) {
            try TemporaryFolder.with(onDisk: onDisk) { path in
                folder = path
                try FileManager.default.createDirectory(
                    atPath: path + "/a/b", withIntermediateDirectories: true)
                throw CancellationError()
            }
        }
        #expect(folder.contains("/gd2-") && !FileManager.default.fileExists(atPath: folder))
    }

    @Test func itIsGoneThoughAnotherThreadStillPutsFilesIntoIt() async throws {
        var folder = ""
        try await withThrowingDiscardingTaskGroup { group in
            try await TemporaryFolder.with { path in
                folder = path
                group.addTask { await Self.fill(path, for: .milliseconds(300)) }
                let limit = ContinuousClock.now + .seconds(60)
                while !FileManager.default.fileExists(atPath: path + "/0") {
                    try #require(ContinuousClock.now < limit)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    /// Nobody removes anything of /proc, not even root.
    @Test func oneThatCannotBeRemovedIsSaid() {
        #expect(TemporaryFolder.remove("/proc/tty", limit: .milliseconds(50)) != nil)
    }

    @concurrent private static func fill(_ folder: String, for time: Duration) async {
        let end = ContinuousClock.now + time
        for number in 0... {
            let descriptor = open("\(folder)/\(number)", O_WRONLY | O_CREAT, 0o600)
            guard descriptor >= 0, ContinuousClock.now < end else { return }
            close(descriptor)
        }
    }
}
