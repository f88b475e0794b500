import NIOCore
import NIOHTTP1

/// What HTTP/1 asks for and Hummingbird leaves out: a connection ends when its client wants it to,
/// or when it was answered early; who waits for 100 gets it; an answer to HEAD has no body.
final class RequestRules: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var sequence = RequestSequence()
    private var droppedBytes = 0

    /// Where requests and answers are parts of HTTP/1.
    static func install(in pipeline: ChannelPipeline) throws {
        let operations = pipeline.syncOperations
        let decoder = try operations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try operations.addHandler(RequestRules(), position: .after(decoder))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !sequence.isOver else { return drop(context, data) }
        switch Self.unwrapInboundIn(data) {
        case .head(var head):
            let keepsAlive = head.isKeepAlive
            guard sequence.begin(isHead: head.method == .HEAD, keepsAlive: keepsAlive) else {
                return
            }
            // Hummingbird looks for this very text, and does not know of HTTP/1.0.
            if !keepsAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
            if sequence.isAlone, Self.waits(head) {
                let interim = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(Self.wrapOutboundOut(.head(interim)), promise: nil)
            }
            context.fireChannelRead(Self.wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            sequence.end()
            context.fireChannelRead(data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        readOn(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head(var head):
            if sequence.answer() {
                head.headers.replaceOrAdd(name: "connection", value: "close")
            }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            guard !sequence.answersHead else {
                promise?.succeed(())
                return
            }
            context.write(data, promise: promise)
        case .end:
            let rest = sequence.answered()
            context.write(data, promise: promise)
            if case .end(let isWhole) = rest { endInput(context, isWhole: isWhole) }
        }
    }

    /// Expect: 100-continue (RFC 9110, section 10.1.1), of a body that may be taken.
    private static func waits(_ head: HTTPRequestHead) -> Bool {
        guard head.version == .http1_1,
            head.headers[canonicalForm: "expect"].contains(where: {
                $0.lowercased() == "100-continue"
            })
        else { return false }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) }
        return length.map { $0 <= Limits.bodyBytes } ?? true
    }

    /// Lets Hummingbird think that its client sends no more. It ends the connection then, and
    /// ``LingeringClose`` closes it, whatever is left of the request.
    private func endInput(_ context: ChannelHandlerContext, isWhole: Bool) {
        // Not while it writes.
        context.eventLoop.assumeIsolated().execute {
            if !isWhole { context.fireChannelRead(Self.wrapInboundOut(.end(nil))) }
            context.fireChannelReadComplete()
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            self.readOn(context)
        }
    }

    /// Nobody else reads any more, and the client's end of file comes after what it sent.
    private func readOn(_ context: ChannelHandlerContext) {
        guard sequence.isOver, sequence.isAnswered, droppedBytes < Limits.droppedBytes else {
            return
        }
        context.read()
    }

    private func drop(_ context: ChannelHandlerContext, _ data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .body(let part): droppedBytes += part.readableBytes
        case .head, .end: droppedBytes += Limits.droppedPartBytes
        }
        // While the last answer is made Hummingbird reads, and nothing that is dropped stops it.
        if droppedBytes >= Limits.droppedBytes, !sequence.isAnswered {
            context.close(promise: nil)
        }
    }
}
