import Logging
import NIOCore
import SunRPC
import XDR

/// Answers on the event loop what needs no waiting, and hands on the rest: a hop to another thread
/// costs more than most calls.
final class CallHandler: ChannelInboundHandler {
    typealias InboundIn = [UInt8]
    typealias InboundOut = [UInt8]
    typealias OutboundOut = ByteBuffer

    /// Set once the connection is served; until then everything is handed on.
    var connection: RPCConnection?
    private let dispatcher: RPCDispatcher
    private let log: Logger

    init(dispatcher: RPCDispatcher, log: Logger) {
        self.dispatcher = dispatcher
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Who does not read its answers is served by the slow way, which stops reading then.
        guard context.channel.isWritable, let connection,
            case .call(let header, let body)? = try? Message(Self.unwrapInboundIn(data)),
            let answer = answer(header, body, connection)
        else { return context.fireChannelRead(data) }
        guard let answer = answer.record(xid: header.xid) else { return }
        let buffer = ByteBuffer(bytes: RecordDecoder.encode(answer))
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
    }

    private enum Outcome {
        case answer(Answer)
        case silence

        func record(xid: UInt32) -> [UInt8]? {
            switch self {
            case .answer(let answer): answer.record(xid: xid)
            case .silence: nil
            }
        }
    }

    /// nil: it has to wait for something.
    private func answer(
        _ header: CallHeader, _ body: ArraySlice<UInt8>, _ connection: RPCConnection
    ) -> Outcome? {
        switch dispatcher.target(of: header) {
        case .answer(let answer): return .answer(answer)
        case .procedure(let procedure):
            var call = RPCCall(arguments: XDRReader(body), connection: connection)
            do {
                switch try procedure.now(&call) {
                case .reply(let body): return .answer(.success(body))
                case .noReply: return .silence
                case .later: return nil
                }
            } catch {
                return .answer(procedure.failure(error, connection, log))
            }
        }
    }
}
