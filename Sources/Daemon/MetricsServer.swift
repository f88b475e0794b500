import Listening
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Answers `GET /metrics` on a Unix socket.
struct MetricsServer: Service {
    let descriptor: Int32
    let registry: PrometheusRegistry
    let log: Logger

    func run() async throws {
        let registry = registry
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelInitializer(Listener(log: log).install)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(
                        IdleStateHandler(allTimeout: .seconds(Limits.metricsIdleSeconds)))
                    try pipeline.addHandler(MetricsHandler(registry: registry))
                }
            }
            .withBoundSocket(descriptor).get()
        await withTaskCancellationOrGracefulShutdownHandler {
            try? await server.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            server.close(promise: nil)
        }
    }
}

private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let registry: PrometheusRegistry
    private var path = ""

    init(registry: PrometheusRegistry) { self.registry = registry }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): path = head.uri
        case .body: break
        case .end: answer(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let found = path == "/metrics"
        let body = found ? registry.text() : "only /metrics is here\n"
        let headers: HTTPHeaders = [
            "content-type": "text/plain; version=0.0.4", "content-length": "\(body.utf8.count)",
        ]
        let head = HTTPResponseHead(
            version: .http1_1, status: found ? .ok : .notFound, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(
            Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
