import FoundationEssentials
import Glibc

/// Runs another program to its end.
enum Command {
    struct Result: Sendable {
        /// Its exit status; 127 when it could not be run, 128 and its signal when it was ended.
        var status: Int32
        /// The end of what it said.
        var output: String
    }

    static func run(
        _ program: String, _ words: [String], environment: [String: String]
    ) async -> Result {
        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else {
            return Result(status: 127, output: String(cString: strerror(errno)))
        }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(pipe[0], F_SETFL, O_NONBLOCK)
        defer { close(pipe[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) }
        arguments.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map {
            strdup("\($0.key)=\($0.value)")
        }
        variables.append(nil)
        defer { for pointer in arguments + variables { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, nil, arguments, variables)
        close(pipe[1])
        guard code == 0 else {
            return Result(
                status: 127,
                output: "\(program): \(String(cString: strerror(code))); is the "
                    + "Debian package etcd-client installed?")
        }
        return await end(of: pid, reading: pipe[0])
    }

    private static func end(of pid: pid_t, reading descriptor: Int32) async -> Result {
        var said: [UInt8] = []
        for poll in 0..<Limits.commandPolls {
            drain(descriptor, into: &said)
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                drain(descriptor, into: &said)
                let signal = status & 0x7f
                return Result(
                    status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
                    output: String(decoding: said, as: UTF8.self))
            }
            if poll == Limits.commandPolls - 100 { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return Result(status: 127, output: "it did not end")
    }

    private static func drain(_ descriptor: Int32, into said: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            said = Array((said + buffer[..<count]).suffix(Limits.commandOutputBytes))
        }
    }
}
