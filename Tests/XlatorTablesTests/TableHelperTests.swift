import Foundation
import HelperProgram
import Testing

@testable import XlatorTables

struct TableHelperTests {
    @Test func aHelperThatHangsIsEndedWithItsChildren() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.script("sleep 1000 & echo $! >\(scratch.path)/pid; wait\n")
            // On a busy machine the script is some time under way before it has a child.
            let time = Duration.seconds(5)
            await #expect(throws: HelperError.timedOut(time)) {
                try await TableHelper(program: program, time: time).output(of: [])
            }
            let text = try String(contentsOfFile: scratch.path + "/pid", encoding: .utf8)
            let pid = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(try await isGone(pid))
        }
    }

    @Test func aHelperThatWritesTooMuchIsEnded() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.script("exec yes\n")
            await #expect(throws: HelperError.tooLong(bytes: Limits.tableBytes)) {
                try await TableHelper(program: program, time: .seconds(300)).output(of: [])
            }
        }
    }

    @Test func aHelperThatDiesIsAnError() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.script("printf '{'; exit 7\n")
            await #expect(throws: TableHelperError.ended(.status(7))) {
                try await TableHelper(program: program).output(of: [])
            }
            await #expect(throws: HelperError.self) {
                try await TableHelper(program: scratch.path + "/none").output(of: [])
            }
        }
    }

    @Test func aHelperThatIsNotWaitedForIsEnded() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.script("echo $$ >\(scratch.path)/pid; exec sleep 1000\n")
            let waiting = Task {
                try await TableHelper(program: program, time: .seconds(60)).output(of: [])
            }
            var pid: pid_t?
            for _ in 0..<3_000 where pid == nil {
                let text = try? String(contentsOfFile: scratch.path + "/pid", encoding: .utf8)
                pid = pid_t((text ?? "").trimmingCharacters(in: .whitespacesAndNewlines))
                try await Task.sleep(for: .milliseconds(10))
            }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(try await isGone(try #require(pid)))
        }
    }

    /// Nothing of the daemon's reaches an xlator.
    @Test func aHelperInheritsNoDescriptor() async throws {
        try await Scratch.with { scratch in
            let program = try scratch.script("ls /proc/self/fd | tr '\\n' ' '; echo\n")
            let pipe = Pipe()
            let bytes = try await TableHelper(program: program).output(of: [])
            let count = String(decoding: bytes, as: UTF8.self).split(separator: " ").count
            // 0 to 2, and the one with which ls reads the folder.
            #expect(count <= 5)
            try pipe.fileHandleForWriting.close()
        }
    }

    private func isGone(_ pid: pid_t) async throws -> Bool {
        for _ in 0..<3_000 {
            let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            guard let status, !status.contains(") Z ") else { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
