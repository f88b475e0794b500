import Processes
import Testing

@Suite struct ProcessHandleTests {
    /// While others are followed, one that comes later and ends first is noticed.
    @Test func theEndOfEachProcessIsNoticedWhileOthersRun() async throws {
        let long = try await start("sleep 600")
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { await long.waitForExit() }
            try await Task.sleep(for: .milliseconds(50))
            for status in [0, 3, 7] {
                let short = try await start("sleep 0.05; exit \(status)")
                #expect(await short.waitForExit() == "it exited with status \(status)")
            }
            let killed = try await start("kill -9 $$")
            #expect(await killed.waitForExit() == "it was ended by signal 9")
            long.signal(15)
            #expect(try await group.next() == "it was ended by signal 15")
        }
    }

    private func start(_ script: String) async throws -> ProcessHandle {
        let spec = ProcessSpec(
            unit: "gd2-test", description: "a test's", executable: "/bin/sh",
            arguments: ["-c", script])
        return try #require(ProcessHandle(pid: try await DetachedLauncher().launch(spec)))
    }
}
