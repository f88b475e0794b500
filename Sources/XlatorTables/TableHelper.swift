import CLinux
import CXlator
import Glibc

/// Why the helper gave no table.
public enum TableHelperError: Error, Equatable, CustomStringConvertible {
    case notStarted(call: String, errno: Int32)
    case timedOut(Duration)
    case tooLong(bytes: Int)
    case ended(status: Int32)
    case table(XlatorTableError)

    public var description: String {
        switch self {
        case .notStarted(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .timedOut(let limit): "the helper took longer than \(limit)"
        case .tooLong(let bytes): "the helper wrote more than \(bytes) bytes"
        case .ended(let status):
            status & 0x7f == 0
                ? "the helper ended with status \(status >> 8 & 0xff)"
                : "the helper ended with signal \(status & 0x7f)"
        case .table(let why): "the helper's table cannot be used: \(why)"
        }
    }
}

/// Runs `gd2-rest xlator-tables`, so that no xlator is ever loaded into a daemon.
public struct TableHelper: Sendable {
    /// The program, which has the subcommand.
    public var program: String
    public var time: Duration

    public init(program: String = "/proc/self/exe", time: Duration = Limits.helperTime) {
        self.program = program
        self.time = time
    }

    public func table(of folder: XlatorFolder) async throws -> XlatorTable {
        let bytes = try await output(of: ["xlator-tables", "--folder", folder.path])
        do throws(XlatorTableError) { return try XlatorTable(parsing: bytes) } catch {
            throw TableHelperError.table(error)
        }
    }

    /// What the program writes; it and its children are ended when that takes too long, is too
    /// much, or is not waited for any more.
    func output(of arguments: [String]) async throws -> [UInt8] {
        var ends: [Int32] = [0, 0]
        guard gd2_xlator_pipe(&ends, 0) == 0 else {
            throw TableHelperError.notStarted(call: "pipe", errno: errno)
        }
        defer { close(ends[0]) }
        let pid: pid_t
        do {
            defer { close(ends[1]) }
            pid = try Self.spawn(program, arguments, output: ends[1])
        }
        let read: Result<[UInt8], any Error>
        do { read = .success(try await collect(from: ends[0])) } catch { read = .failure(error) }
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let bytes = try read.get()
        // Its output is closed when it ends, so it has most often ended by itself; the last byte is
        // what says that it wrote all.
        guard bytes.last == UInt8(ascii: "\n") else { throw TableHelperError.ended(status: status) }
        return bytes
    }

    private func collect(from descriptor: Int32) async throws -> [UInt8] {
        let clock = ContinuousClock()
        let end = clock.now + time
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += buffer[..<count]
                guard bytes.count <= Limits.tableBytes else {
                    throw TableHelperError.tooLong(bytes: Limits.tableBytes)
                }
                continue
            }
            guard clock.now < end else { throw TableHelperError.timedOut(time) }
            try await Task.sleep(for: Limits.helperPoll)
        }
    }

    private static func spawn(
        _ program: String, _ arguments: [String], output: Int32
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // In a group of its own, which is ended as a whole.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        // No connection or lock of the daemon's comes near an xlator.
        gd2_spawn_close_from(&actions, 3)
        let words = CStrings(["gd2-rest"] + arguments)
        let environment = CStrings(["PATH=/usr/bin:/bin", "LANG=C", "SWIFT_BACKTRACE=enable=no"])
        var pid: pid_t = 0
        var result: Int32 = 0
        // A program that is just being installed is busy (ETXTBSY) for a moment, also while another
        // thread's child has not yet closed what it inherited.
        for _ in 0..<Limits.busyTries {
            result = posix_spawn(
                &pid, program, &actions, &attributes, words.pointers, environment.pointers)
            guard result == ETXTBSY else { break }
            usleep(Limits.busyPauseMicroseconds)
        }
        guard result == 0 else { throw TableHelperError.notStarted(call: program, errno: result) }
        return pid
    }
}

/// An array of C's that ends with NULL.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }

    deinit { for pointer in pointers { free(pointer) } }
}
