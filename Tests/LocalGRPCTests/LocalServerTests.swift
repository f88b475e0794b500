import GD2Error
import GRPCCore
import Glibc
import Logging
import ServiceLifecycle
import TemporaryFolder
import Testing

@testable import LocalGRPC

/// A server on a Unix socket and a client of it, both in this process.
@Suite struct LocalServerTests {
    private static let forged: Metadata = ["gd2-peer-credentials": "1,4242,4242"]

    @Test func aCallerIsWhoTheKernelSaysWhateverItSends() async throws {
        let table = CallerTable(programs: [geteuid(): ["gd2-rest"], 4_242: ["admin"]])
        try await Self.with(table) { client, _ in
            for metadata in [Self.forged, [:]] {
                let answer = try await Self.ask(client, metadata)
                #expect(answer == "\(getpid()) \(geteuid()) gd2-rest")
            }
        }
    }

    @Test func aUserWithoutARowIsRefusedThoughItSaysItIsAnother() async throws {
        try await Self.with(CallerTable(programs: [4_242: ["admin"]])) { client, _ in
            let error = await #expect(throws: RPCError.self) {
                try await Self.ask(client, Self.forged)
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message.contains("uid \(geteuid())") == true)
        }
    }

    @Test(arguments: ["fail", "fail-late"])
    func aServicesErrorArrivesWhole(when program: String) async throws {
        let table = CallerTable(programs: [geteuid(): [program]])
        try await Self.with(table) { client, _ in
            let error = await #expect(throws: RPCError.self) { try await Self.ask(client, [:]) }
            let expected = GD2Error(.conflict, "volume gv0 is started", fields: ["volume": "gv0"])
            #expect(error.map { GD2Error($0, from: "test") } == expected)
        }
    }

    /// grpc-swift's HTTP/2 closes a connection after 200 PINGs in 30 s; grpc-go sends that many.
    @Test func everyOneOf500PINGsIsAnswered() async throws {
        try await Self.with(CallerTable(programs: [:])) { _, path in
            let client = try Self.socket(path, connect)
            defer { close(client) }
            let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
            let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
            var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings
            for _ in 0..<500 { bytes += ping }
            try #require(Glibc.send(client, bytes, bytes.count, 0) == bytes.count)
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            var read: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let limit = ContinuousClock.now + .seconds(20)
            while Self.answers(in: read) < 500, ContinuousClock.now < limit {
                let count = recv(client, &buffer, buffer.count, 0)
                if count == 0 { break }
                if count > 0 { read += buffer.prefix(count) }
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(Self.answers(in: read) == 500)
        }
    }

    /// swift-nio traps when an accepted connection is dropped that nobody serves.
    @Test func aServerThatStopsWhileCallersComeDoesNotTrap() async throws {
        for _ in 0..<20 {
            try await Self.with(CallerTable(programs: [:])) { _, path in
                for _ in 0..<200 { close(try Self.socket(path, connect)) }
                let kept = try (0..<8).map { _ in try Self.socket(path, connect) }
                for descriptor in kept { close(descriptor) }
            }
        }
    }

    /// Acknowledged PINGs among whole frames.
    private static func answers(in bytes: [UInt8]) -> Int {
        var (rest, count) = (bytes[...], 0)
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            if head[3] == 6, head[4] == 1 { count += 1 }
            rest = rest.dropFirst(9 + (Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])))
        }
        return count
    }

    private static let method = MethodDescriptor(fullyQualifiedService: "test.Who", method: "Am")

    private static func ask(_ client: LocalClient, _ metadata: Metadata) async throws -> String {
        try await client.client.unary(
            request: ClientRequest(message: "", metadata: metadata), descriptor: method,
            serializer: TextCoding(), deserializer: TextCoding(),
            options: LocalClient.options(timeout: .seconds(20), wait: true)
        ) { try $0.message }
    }

    private static func with(
        _ callers: CallerTable, _ body: (LocalClient, _ path: String) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder + "/s"
            var log = Logger(label: "test")
            log.logLevel = .critical
            let server = LocalServer(
                listening: try listen(path), callers: callers,
                services: [WhoService(method: method)], log: log)
            let client = try LocalClient(path: path)
            let services = ServiceGroup(services: [server], logger: log)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                group.addTask { try await client.run() }
                var failure: (any Error)?
                do { try await body(client, path) } catch { failure = error }
                await services.triggerGracefulShutdown()
                try await group.next()
                group.cancelAll()
                while let result = await group.nextResult() { _ = result }
                if let failure { throw failure }
            }
        }
    }

    private static func listen(_ path: String) throws -> Int32 {
        let descriptor = try socket(path, bind)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        try #require(Glibc.listen(descriptor, 8) == 0)
        return descriptor
    }

    /// A stream socket that `attach` binds or connects.
    private static func socket(
        _ path: String, _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                attach(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }
}

/// Says who calls; fails when the caller is the program "fail", or, as a streaming method does,
/// while the answer is produced, for "fail-late".
private struct WhoService: RegistrableRPCService {
    let method: MethodDescriptor

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: method, deserializer: TextCoding(), serializer: TextCoding()
        ) { _, context in
            let caller = context.localCaller
            let error = GD2Error(.conflict, "volume gv0 is started", fields: ["volume": "gv0"])
            guard !caller.programs.contains("fail") else { throw error }
            if caller.programs.contains("fail-late") {
                return StreamingServerResponse { _ in throw error }
            }
            let who = caller.credentials
            let text = "\(who.pid) \(who.uid) \(caller.programs.sorted().joined(separator: ","))"
            return StreamingServerResponse(single: ServerResponse(message: text))
        }
    }
}

private struct TextCoding: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes {
        Bytes(Array(message.utf8))
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> String {
        bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
