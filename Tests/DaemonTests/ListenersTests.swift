import FoundationEssentials
import Glibc
import TemporaryFolder
import Testing

@testable import Daemon

@Suite(.serialized) struct ListenersTests {
    private func take(_ address: ListenerAddress) throws -> Int32 {
        var listeners = Listeners()
        return try listeners.take("test", or: address)
    }

    @Test(arguments: [UInt32(0o600), 0o660, 0o666])
    func aSocketHasItsModeWhateverTheMask(mode: UInt32) throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/s"
            let descriptor = try take(.unix(path: path, mode: mode))
            defer { close(descriptor) }
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & S_IFMT == S_IFSOCK)
            #expect(status.st_mode & 0o777 == mode)
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    @Test(arguments: [false, true])
    func aStaleSocketIsReplacedAndALiveOneIsNot(isSequential: Bool) throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/s"
            let address: ListenerAddress =
                isSequential
                ? .unixSequential(path: path, mode: 0o600) : .unix(path: path, mode: 0o600)
            let first = try take(address)
            #expect(throws: ListenerError.inUse(path)) { try take(address) }
            close(first)
            let second = try take(address)
            #expect(throws: ListenerError.inUse(path)) { try take(address) }
            close(second)
        }
    }

    @Test func whatIsNoSocketStays() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/s"
            try Data("mine".utf8).write(to: URL(filePath: path))
            #expect(throws: ListenerError.self) { try take(.unix(path: path, mode: 0o600)) }
            #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
            let long = folder + "/" + String(repeating: "x", count: 120)
            let error = #expect(throws: ListenerError.self) {
                _ = try take(.unix(path: long, mode: 0o600))
            }
            #expect(error == .failed(long, call: "bind", errno: ENAMETOOLONG))
            let missing = folder + "/no/s"
            #expect(throws: ListenerError.failed(missing, call: "bind", errno: ENOENT)) {
                try take(.unix(path: missing, mode: 0o600))
            }
        }
    }

    @Test func whatIsNotKnownToBeInUseIsSaidAsItIs() throws {
        try TemporaryFolder.with { folder in
            let file = folder + "/file"
            try Data("mine".utf8).write(to: URL(filePath: file))
            let path = file + "/s"
            let error = #expect(throws: ListenerError.self) {
                try take(.unix(path: path, mode: 0o600))
            }
            #expect(error == .failed(path, call: "connect", errno: ENOTDIR))
            #expect(error?.description.contains("does this program run already?") == false)
        }
    }

    /// Of a process of its own: the limit is of all its threads.
    @Test func withoutDescriptorsNothingIsSaidToBeInUse() async {
        await #expect(processExitsWith: .exitCode(7)) {
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            let first = dup(STDERR_FILENO)
            // One is left for the socket, and none to look who listens there.
            none.rlim_cur = rlim_t(first + 1)
            none.rlim_max = none.rlim_cur
            close(first)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
            var listeners = Listeners()
            do {
                _ = try listeners.take("test", or: .unix(path: "/nonexistent", mode: 0o600))
            } catch {
                let expected = ListenerError.failed("/nonexistent", call: "socket", errno: EMFILE)
                _exit(error as? ListenerError == expected ? 7 : 1)
            }
            _exit(2)
        }
    }

    @Test func aPortInUseIsSaidSo() throws {
        let first = try take(.tcp(host: "127.0.0.1", port: 0))
        defer { close(first) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(first, $0, &size)
            }
        }
        try #require(named == 0)
        let port = Int(UInt16(bigEndian: address.sin_port))
        let error = #expect(throws: ListenerError.inUse("127.0.0.1:\(port)")) {
            try take(.tcp(host: "127.0.0.1", port: port))
        }
        #expect(error?.description.contains("does this program run already?") == true)
        #expect(throws: ListenerError.badAddress("no.such.host:1")) {
            try take(.tcp(host: "no.such.host", port: 1))
        }
    }
}
