import Glibc
import LocalSocket
import NIOPosix
import Synchronization
import TemporaryFolder
import Testing

@Suite(.serialized) struct DescriptorTests {
    /// A listening SEQPACKET socket in a folder of its own.
    private func withListener(
        _ body: (_ listener: Int32, _ path: String) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder + "/s"
            let listener = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0 && listen(listener, 8) == 0)
            try await body(listener, path)
        }
    }

    /// Sends on a thread of its own, as gd2-pmap does: it blocks.
    private func send(_ descriptor: Int32, to path: String) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try DescriptorSender(path: path).send(descriptor)
        }
    }

    /// Two ends of a connection; `read` is handed over.
    private func socketPair() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func aDescriptorArrivesAndIsAcknowledged() async throws {
        try await withListener { listener, path in
            let receiver = DescriptorReceiver(listening: listener)
            var arriving = receiver.connections(limit: 4).makeAsyncIterator()
            let ends = try socketPair()
            try await send(ends.read, to: path)
            close(ends.read)
            let received = try #require(await arriving.next())
            #expect(fcntl(received, F_GETFD) & FD_CLOEXEC != 0)
            var byte: UInt8 = 42
            #expect(write(ends.write, &byte, 1) == 1)
            byte = 0
            #expect(read(received, &byte, 1) == 1)
            #expect(byte == 42)
            close(received)
            close(ends.write)
            receiver.stop()
            #expect(await arriving.next() == nil)
        }
    }

    @Test func whatIsTooMuchIsRefusedAndWhatWasTakenIsGiven() async throws {
        try await withListener { listener, path in
            let receiver = DescriptorReceiver(listening: listener)
            var arriving = receiver.connections(limit: 1).makeAsyncIterator()
            let ends = try socketPair()
            defer { close(ends.write) }
            try await send(ends.read, to: path)
            await #expect(throws: HandoverError.refused) { try await send(ends.read, to: path) }
            close(ends.read)
            receiver.stop()
            let received = try #require(await arriving.next())
            // The one that was refused is not left open: closing ours ends the connection.
            close(received)
            signal(SIGPIPE, SIG_IGN)
            var byte: UInt8 = 1
            #expect(write(ends.write, &byte, 1) == -1 && errno == EPIPE)
            #expect(await arriving.next() == nil)
        }
    }

    /// An event loop would trap: epoll(7) takes neither files nor folders.
    @Test func whatIsNoConnectionIsClosedAndTheNextIsTaken() async throws {
        var pipes: [Int32] = [-1, -1]
        var datagrams: [Int32] = [-1, -1]
        try #require(pipe(&pipes) == 0)
        try #require(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &datagrams) == 0)
        let fresh = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let netlink = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), 0)
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listen(listening, 1) == 0)
        let wrong: [(Int32, DescriptorFault)] = [
            (open("/dev/null", O_RDWR), .noStreamSocket),
            (open("/proc/self/exe", O_RDONLY), .noStreamSocket),
            (open("/", O_RDONLY), .noStreamSocket), (pipes[0], .noStreamSocket),
            (datagrams[0], .noStreamSocket), (netlink, .noStreamSocket), (listening, .listening),
            (fresh, .notConnected),
        ]
        defer { for descriptor in [pipes[1], datagrams[1]] { close(descriptor) } }
        let faults = Faults()
        try await withListener { listener, path in
            let receiver = DescriptorReceiver(listening: listener)
            var arriving = receiver.connections(limit: 4) { faults.add($0) }.makeAsyncIterator()
            for (descriptor, _) in wrong {
                try #require(descriptor >= 0)
                try await send(descriptor, to: path)
                close(descriptor)
            }
            let ends = try socketPair()
            try await send(ends.read, to: path)
            close(ends.read)
            let received = try #require(await arriving.next())
            #expect(fcntl(received, F_GETFL) & O_NONBLOCK != 0)
            close(received)
            close(ends.write)
            receiver.stop()
            #expect(await arriving.next() == nil)
        }
        #expect(faults.all == wrong.map(\.1))
        signal(SIGPIPE, SIG_IGN)
        var byte: UInt8 = 1
        #expect(write(pipes[1], &byte, 1) == -1 && errno == EPIPE)
    }

    private final class Faults: Sendable {
        private let faults = Mutex<[DescriptorFault]>([])

        var all: [DescriptorFault] { faults.withLock { $0 } }

        func add(_ fault: DescriptorFault) { faults.withLock { $0.append(fault) } }
    }

    @Test func whoSendsNothingDoesNotStopTheNext() async throws {
        try await withListener { listener, path in
            let receiver = DescriptorReceiver(listening: listener)
            var arriving = receiver.connections(limit: 4).makeAsyncIterator()
            let silent = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let connected = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(silent, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(connected == 0)
            // A message without a descriptor, then the end.
            var byte: UInt8 = 1
            #expect(Glibc.send(silent, &byte, 1, 0) == 1)
            close(silent)
            let ends = try socketPair()
            defer {
                close(ends.read)
                close(ends.write)
            }
            try await send(ends.read, to: path)
            let received = try #require(await arriving.next())
            close(received)
            receiver.stop()
        }
    }

    @Test func nobodyThereIsSaidWithTheCall() async throws {
        await #expect(throws: HandoverError.failed(call: "connect", errno: ENOENT)) {
            try await send(0, to: "/nonexistent/socket")
        }
        try await withListener { listener, path in
            close(listener)
            await #expect(throws: HandoverError.failed(call: "connect", errno: ECONNREFUSED)) {
                try await send(0, to: path)
            }
        }
        let long = "/" + String(repeating: "x", count: 200)
        await #expect(throws: HandoverError.failed(call: "connect", errno: ENAMETOOLONG)) {
            try await send(0, to: long)
        }
    }
}
