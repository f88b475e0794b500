import Glibc
import Processes
import Testing

@Suite struct ProcFileTests {
    /// Longer than the page that the kernel gives at once.
    private static let longWord = String(repeating: "w", count: 9_000)

    @Test func aProcessIsFoundWithAllOfItsWords() throws {
        let pid = try start(["/bin/sh", "-c", "sleep 60 & wait", Self.longWord, "--key", "value"])
        defer { end(pid) }
        var found: ProcessTable.Entry?
        for _ in 0..<200 where found == nil {
            found = ProcessTable.processes(named: ["sh"]).first { $0.pid == pid }
            usleep(10_000)
        }
        #expect(found?.words.contains(Self.longWord) == true)
        #expect(found?.value(after: "--key") == "value")
        let bytes = ProcFile.contents(of: "/proc/\(pid)/cmdline") ?? []
        #expect(bytes.starts(with: "/bin/sh".utf8) && bytes.suffix(6).elementsEqual("value\0".utf8))
    }

    @Test func whatIsNotThereHasNoContents() {
        #expect(ProcFile.contents(of: "/proc/self/nothing-of-that-name") == nil)
    }

    private struct NotStarted: Error { var code: Int32 }

    private func start(_ words: [String]) throws -> pid_t {
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, to be ended as a whole.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], nil, &attributes, &arguments, environ)
        guard code == 0 else { throw NotStarted(code: code) }
        return pid
    }

    private func end(_ pid: pid_t) {
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }
}
