import Glibc
import Logging
import RPCTransport
import SunRPC
import Testing
import XDR

@Suite struct RPCServerTests {
    private static let program: UInt32 = 34_123_456

    private static func call(
        program: UInt32 = program, version: UInt32 = 1, procedure: UInt32, body: [UInt8] = []
    ) -> [UInt8] {
        callRecord(
            CallHeader(xid: 9, program: program, version: version, procedure: procedure),
            body: body)
    }

    @Test(arguments: [
        (call(procedure: 0), Answer.success([])),
        (call(procedure: 1, body: [0, 0, 0, 1, 97, 0, 0, 0]), .success([97])),
        (call(procedure: 1, body: [0, 0, 0, 9]), .garbageArguments),
        (call(procedure: 1, body: [0, 0, 0, 1]), .garbageArguments),
        (call(procedure: 4, body: [0, 0, 0, 1, 97, 0, 0, 0]), .success([97])),
        (call(procedure: 4, body: [0, 0, 0, 9]), .garbageArguments),
        (call(procedure: 5), .systemError),
        (call(procedure: 2), .systemError), (call(procedure: 7), .procedureUnavailable),
        (call(version: 3, procedure: 1), .programMismatch(low: 1, high: 2)),
        (call(program: 1, procedure: 1), .programUnavailable),
    ])
    func everyCallIsAnsweredAsRFC5531Says(call: [UInt8], answer: Answer) async throws {
        try await Connection.with(Self.dispatcher) { connection in
            try connection.send(RecordDecoder.encode(call))
            #expect(try await connection.record() == answer.record(xid: 9))
        }
    }

    @Test func aCallWithoutReplyIsFollowedByTheNext() async throws {
        try await Connection.with(Self.dispatcher) { connection in
            let silent = RecordDecoder.encode(Self.call(procedure: 3))
            try connection.send(silent + RecordDecoder.encode(Self.call(procedure: 0)))
            #expect(try await connection.record() == Answer.success([]).record(xid: 9))
        }
    }

    @Test func aRecordOfNoRPCEndsTheConnection() async throws {
        for bytes in [
            RecordDecoder.encode([1, 2, 3]), [0xff, 0xff, 0xff, 0xff],
            RecordDecoder.encode(Array(Self.call(procedure: 0).prefix(30))),
        ] as [[UInt8]] {
            try await Connection.with(Self.dispatcher) { connection in
                try connection.send(bytes)
                #expect(try await connection.record() == nil)
            }
        }
    }

    @Test func anotherRPCVersionIsDeniedAndTheConnectionGoesOn() async throws {
        try await Connection.with(Self.dispatcher) { connection in
            var bent = Self.call(procedure: 0)
            bent[11] = 3
            try connection.send(RecordDecoder.encode(bent))
            #expect(try await connection.record() == Answer.versionDenied(xid: 9))
            try connection.send(RecordDecoder.encode(Self.call(procedure: 0)))
            #expect(try await connection.record() == Answer.success([]).record(xid: 9))
        }
    }

    @Test func callsThatWaitAreAllAnsweredAndOthersOvertakeThem() async throws {
        try await Connection.with(Self.dispatcher) { connection in
            let letter = { (byte: UInt8) in [0, 0, 0, 1, byte, 0, 0, 0] as [UInt8] }
            let calls = [
                Self.call(procedure: 4, body: letter(1)), Self.call(procedure: 4, body: letter(2)),
                Self.call(procedure: 1, body: letter(3)), Self.call(procedure: 4, body: letter(4)),
            ]
            try connection.send(calls.flatMap { RecordDecoder.encode($0) })
            var bodies: [[UInt8]?] = []
            for _ in calls {
                bodies.append(try await connection.record().map { Array($0.suffix(1)) })
            }
            #expect(bodies == [[3], [1], [2], [4]])
        }
    }

    @Test func whoDoesNotReadIsNotReadFromAndMissesNothing() async throws {
        try await Connection.with(Self.dispatcher) { connection in
            let call = RecordDecoder.encode(Self.call(procedure: 6))
            var sent = 0
            // What the sockets hold, and a little more, but not without end.
            while sent < 100_000, try await connection.sendsWhole(call) { sent += 1 }
            #expect((10..<100_000).contains(sent))
            var (answers, callBacks) = (0, 0)
            while answers < sent, let record = try await connection.record() {
                if record.count > 1_000 { answers += 1 } else { callBacks += 1 }
            }
            #expect(answers == sent)
            // One for each call that was answered while it could be sent, and one for the others.
            #expect(callBacks > 0 && callBacks <= answers)
            try connection.send(RecordDecoder.encode(Self.call(procedure: 0)))
            #expect(try await connection.record() == Answer.success([]).record(xid: 9))
        }
    }

    private struct Failure: Error {}

    private static let dispatcher = RPCDispatcher(programs: [
        RPCProgram(
            program, version: 1, name: "test",
            procedures: [
                RPCProcedure(
                    1, "ECHO", now: { call in Array(try call.arguments.opaque(limit: 8)) }),
                RPCProcedure(2, "FAIL", now: { _ in throw Failure() }),
                RPCProcedure(3, "SILENT", now: { _ in nil }),
                RPCProcedure(
                    4, "LATER",
                    later: { call in
                        try await Task.sleep(for: .milliseconds(1))
                        return Array(try call.arguments.opaque(limit: 8))
                    }),
                RPCProcedure(5, "LATER FAIL", later: { _ in throw Failure() }),
                RPCProcedure(
                    6, "LONG",
                    now: { call in
                        call.connection.callBack(program: 1, version: 1, procedure: 1)
                        return [UInt8](repeating: 7, count: 8_000)
                    }),
            ]), RPCProgram(program, version: 2, name: "test", procedures: []),
    ])
}

/// A client's end of a connected pair; the other end is served.
private final class Connection {
    private let socket: Int32
    private var decoder = RecordDecoder(limit: 1 << 20)
    /// Read, and not asked for yet.
    private var records: [[UInt8]] = []

    init(socket: Int32) { self.socket = socket }

    static func with(
        _ dispatcher: RPCDispatcher, _ body: (Connection) async throws -> Void
    ) async throws {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let served = pair[1]
        defer { close(pair[0]) }
        _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
        var log = Logger(label: "test")
        log.logLevel = .critical
        let server = RPCServer(dispatcher: dispatcher, log: log, didClose: { _ in })
        let peer = RPCPeer(description: "test", isTrusted: false, pid: nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.serve(descriptor: served, peer: peer) }
            try await body(Connection(socket: pair[0]))
            group.cancelAll()
        }
    }

    func send(_ bytes: [UInt8]) throws {
        try #require(Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Whether the other end takes all of it within a moment.
    func sendsWhole(_ bytes: [UInt8]) async throws -> Bool {
        let limit = ContinuousClock.now + .milliseconds(300)
        while true {
            let count = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                try #require(count == bytes.count)
                return true
            }
            guard errno == EAGAIN, ContinuousClock.now < limit else { return false }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// The next record; nil at the end of the connection.
    func record() async throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let limit = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < limit {
            if !records.isEmpty { return records.removeFirst() }
            let count = recv(socket, &bytes, bytes.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
            if count > 0 {
                records = try decoder.add(bytes.prefix(count))
            } else {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        throw NothingCame()
    }

    private struct NothingCame: Error {}
}
