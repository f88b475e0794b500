import Logging
import NIOCore
import SunRPC
import XDR

/// Answers on the event loop what needs no waiting: a hop to another thread costs more than most
/// calls.
final class CallHandler {
    /// Set once the connection is served; until then nothing is answered here.
    var connection: RPCConnection?
    private let dispatcher: RPCDispatcher
    private let log: Logger

    init(dispatcher: RPCDispatcher, log: Logger) {
        self.dispatcher = dispatcher
        self.log = log
    }

    /// Writes the answer to a call; false when that is no call, or has to wait for something.
    func answer(_ record: [UInt8], into buffer: inout ByteBuffer) -> Bool {
        guard let connection, case .call(let header, let body)? = try? Message(record) else {
            return false
        }
        switch dispatcher.target(of: header) {
        case .answer(let answer): buffer.write(answer, xid: header.xid)
        case .procedure(let procedure):
            var call = RPCCall(arguments: XDRReader(body), connection: connection)
            do {
                switch try procedure.now(&call) {
                case .reply(let body): buffer.write(.success(body), xid: header.xid)
                case .noReply: break
                case .later: return false
                }
            } catch {
                buffer.write(procedure.failure(error, connection, log), xid: header.xid)
            }
        }
        return true
    }
}

extension ByteBuffer {
    /// A record with its mark. What most calls are answered with is copied once.
    mutating func write(_ answer: Answer, xid: UInt32) {
        guard case .success(let body) = answer else {
            let record = answer.record(xid: xid)
            writeInteger(RecordDecoder.mark(bytes: record.count))
            writeBytes(record)
            return
        }
        let mark = RecordDecoder.mark(bytes: Answer.successHeadBytes + body.count)
        reserveCapacity(minimumWritableBytes: 4 + Answer.successHeadBytes + body.count)
        // Accepted: a reply, no verifier, done (RFC 5531, section 9).
        writeMultipleIntegers(mark, xid, UInt32(1), UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        writeBytes(body)
    }
}
