import FoundationEssentials
import GD2Error
import GRPCCore
import Glibc
import Testing

@testable import LocalGRPC

/// A server on a Unix socket and a client of it, both in this process.
@Suite struct LocalServerTests {
    private static let forged: Metadata = ["gd2-peer-credentials": "1,4242,4242"]

    @Test func aCallerIsWhoTheKernelSaysWhateverItSends() async throws {
        let table = CallerTable(programs: [geteuid(): ["gd2-rest"], 4_242: ["admin"]])
        try await Self.with(table) { client in
            for metadata in [Self.forged, [:]] {
                let answer = try await Self.ask(client, metadata)
                #expect(answer == "\(getpid()) \(geteuid()) gd2-rest")
            }
        }
    }

    @Test func aUserWithoutARowIsRefusedThoughItSaysItIsAnother() async throws {
        try await Self.with(CallerTable(programs: [4_242: ["admin"]])) { client in
            let error = await #expect(throws: RPCError.self) {
                try await Self.ask(client, Self.forged)
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message.contains("uid \(geteuid())") == true)
        }
    }

    @Test func aServicesErrorArrivesWhole() async throws {
        let table = CallerTable(programs: [geteuid(): ["fail"]])
        try await Self.with(table) { client in
            let error = await #expect(throws: RPCError.self) { try await Self.ask(client, [:]) }
            let expected = GD2Error(.conflict, "volume gv0 is started", fields: ["volume": "gv0"])
            #expect(error.map { GD2Error($0, from: "test") } == expected)
        }
    }

    /// grpc-swift's HTTP/2 closes a connection after 200 PINGs in 30 s.
    @Test func aThousandCallsOnOneConnectionGoThrough() async throws {
        let table = CallerTable(programs: [geteuid(): ["gd2-rest"]])
        try await Self.with(table) { client in
            for _ in 0..<1_000 { _ = try await Self.ask(client, [:]) }
        }
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
        _ callers: CallerTable, _ body: (LocalClient) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gd2-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/s"
        let server = LocalServer(
            listening: try listen(path), callers: callers, services: [WhoService(method: method)])
        let client = try LocalClient(path: path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            group.addTask { try await client.run() }
            try await body(client)
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    private static func listen(_ path: String) throws -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && Glibc.listen(descriptor, 8) == 0)
        return descriptor
    }
}

/// Says who calls; fails when the caller is the program "fail".
private struct WhoService: RegistrableRPCService {
    let method: MethodDescriptor

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: method, deserializer: TextCoding(), serializer: TextCoding()
        ) { _, context in
            let caller = context.localCaller
            guard !caller.programs.contains("fail") else {
                throw GD2Error(.conflict, "volume gv0 is started", fields: ["volume": "gv0"])
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
