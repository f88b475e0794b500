import FoundationEssentials
import Glibc
import Processes
import TemporaryFolder
import Testing

@Suite struct DetachedLauncherTests {
    @Test func aProcessHasALargeTableOfDescriptorsAndNoneOfOurs() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur > 1_023)
        // Not close-on-exec, as a library may leave one.
        let ours = dup(0)
        defer { close(ours) }
        try await TemporaryFolder.with { folder in
            let script = """
                for n in 3 4 5 6 7 8 9 \(ours); do [ ! -e /proc/$$/fd/$n ] || echo "open $n"; done
                readlink /proc/$$/fd/0 /proc/$$/fd/1023
                awk '/^FDSize/ { print $2 }' /proc/$$/status
                """
            let file = folder + "/said"
            let spec = ProcessSpec(
                unit: "gd2-test", description: "a test's", executable: "/bin/sh",
                arguments: ["-c", "{ \(script)\n} >\(file).new 2>&1; mv \(file).new \(file)"])
            let pid = try await DetachedLauncher().launch(spec)
            var status: Int32 = 0
            #expect(waitpid(pid, &status, 0) == pid)
            let said = try String(contentsOfFile: file, encoding: .utf8)
            #expect(said == "/dev/null\n/dev/null\n1024\n")
        }
    }
}
