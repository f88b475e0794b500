import Logging
import NIOCore
import SunRPC
import XDR

/// Answers the calls of one connection: at once what needs no waiting, since a hop to another
/// thread costs more than most calls.
struct CallHandler: Sendable {
    /// A call whose procedure has to wait for something.
    struct Later: Sendable {
        let xid: UInt32
        let procedure: RPCProcedure
        let body: ArraySlice<UInt8>
        /// Of the whole record, which stays in memory as long as `body` does.
        let recordBytes: Int
    }

    let connection: RPCConnection
    private let dispatcher: RPCDispatcher
    private let log: Logger

    init(connection: RPCConnection, dispatcher: RPCDispatcher, log: Logger) {
        self.connection = connection
        self.dispatcher = dispatcher
        self.log = log
    }

    /// Writes the answer to a call, if it has one now; what has to wait is given back. Throws when
    /// it is no RPC.
    func answer(_ record: [UInt8], into buffer: inout ByteBuffer) throws -> Later? {
        switch try Message(record) {
        case .reply: break
        case .wrongVersion(let xid): buffer.write(record: Answer.versionDenied(xid: xid))
        case .call(let header, let body):
            switch dispatcher.target(of: header) {
            case .answer(let answer): buffer.write(answer, xid: header.xid)
            case .procedure(let procedure):
                guard answer(header.xid, procedure, body, into: &buffer) else {
                    return Later(
                        xid: header.xid, procedure: procedure, body: body,
                        recordBytes: record.count)
                }
            }
        }
        return nil
    }

    /// Whether it needed no waiting.
    private func answer(
        _ xid: UInt32, _ procedure: RPCProcedure, _ body: ArraySlice<UInt8>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        var call = RPCCall(arguments: XDRReader(body), connection: connection)
        do {
            switch try procedure.now(&call) {
            case .reply(let body): buffer.write(.success(body), xid: xid)
            case .noReply: break
            case .later: return false
            }
        } catch {
            buffer.write(procedure.failure(error, connection, log), xid: xid)
        }
        return true
    }

    /// The answer to a call that has to wait, within `Limits.callSeconds`; nil: it has none, or the
    /// connection has ended.
    func answer(_ call: Later) async -> Answer? {
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask {
                    var started = RPCCall(
                        arguments: XDRReader(call.body), connection: connection)
                    return try await call.procedure.later(&started).map { .success($0) }
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(Limits.callSeconds))
                    return .systemError
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .systemError
            }
        } catch is CancellationError {
            return nil
        } catch {
            return call.procedure.failure(error, connection, log)
        }
    }
}

extension ByteBuffer {
    /// An answer's record with its mark. What most calls are answered with is copied once.
    mutating func write(_ answer: Answer, xid: UInt32) {
        guard case .success(let body) = answer else {
            return write(record: answer.record(xid: xid))
        }
        let mark = RecordDecoder.mark(bytes: Answer.successHeadBytes + body.count)
        reserveCapacity(minimumWritableBytes: 4 + Answer.successHeadBytes + body.count)
        // Accepted: a reply, no verifier, done (RFC 5531, section 9).
        writeMultipleIntegers(mark, xid, UInt32(1), UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        writeBytes(body)
    }

    /// A record with its mark.
    mutating func write(record: [UInt8]) {
        writeInteger(RecordDecoder.mark(bytes: record.count))
        writeBytes(record)
    }
}
