import GD2Error
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import RESTAPI

/// Says why a request could not be read: Hummingbird answers with an empty 400, whether its line
/// is a megabyte or it is no HTTP at all.
final class UnreadableRequest: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Where answers are still ``HTTPServerResponsePart``.
    static func install(in pipeline: ChannelPipeline) throws {
        let operations = pipeline.syncOperations
        let encoder = try operations.handler(type: HTTPResponseEncoder.self)
        try operations.addHandler(UnreadableRequest(), position: .after(encoder))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // Our own answers have a body, and say what it is.
        guard case .head(var head) = Self.unwrapOutboundIn(data), head.status == .badRequest,
            head.headers["content-type"].isEmpty,
            let body = try? Response.encode(ErrorResponse(Self.reason))
        else { return context.write(data, promise: promise) }
        head.headers.replaceOrAdd(name: "content-type", value: "application/json; charset=UTF-8")
        head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
        context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }

    private static let reason = GD2Error(
        .invalid,
        "the request cannot be read: it is no HTTP/1.1, or its path and headers are longer than "
            + "80 KiB")
}
