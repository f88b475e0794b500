import EventLoopTasks
public import GRPCCore
public import GRPCNIOTransportHTTP2Posix
import NIOCore
public import ServiceLifecycle

/// A connection to a program's Unix socket that comes back by itself, for as long as ``run()``
/// runs.
public struct LocalClient: Service {
    public let client: GRPCClient<HTTP2ClientTransport.Posix>

    /// `build` is what each call says of the calling program; nil where nobody asks.
    public init(path: String, build: String? = nil) throws {
        let transport = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: path, authority: "localhost"),
            transportSecurity: .plaintext,
            config: .defaults { config in
                config.backoff.initial = .milliseconds(Limits.reconnectMinMs)
                config.backoff.max = .milliseconds(Limits.reconnectMaxMs)
                config.backoff.multiplier = 1.6
                config.connection.maxIdleTime = nil
                // A call waits for its answer: 0.1 ms more each way is most of its time.
                config.connection.flushCoalescing = nil
                config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                    PingShield.install(on: channel, onServer: false)
                }
            })
        let interceptors = build.map { [BuildInterceptor(build: $0)] } ?? []
        client = GRPCClient(transport: transport, interceptors: interceptors)
    }

    /// Keeps the connection until the task is cancelled or is to stop.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            try? await withTaskCancellationHandler {
                try await onEventLoop { try await client.runConnections() }
            } onCancel: {
                client.beginGracefulShutdown()
            }
        }
    }

    /// Options of a call that answers within `timeout` or fails. With `wait` it waits that long for
    /// a program that is just being restarted; without, it fails at once when nobody listens.
    public static func options(timeout: Duration, wait: Bool) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = timeout
        options.waitForReady = wait
        options.maxResponseMessageBytes = Limits.messageBytes
        options.maxRequestMessageBytes = Limits.messageBytes
        return options
    }
}

/// The header of calls in which a program says of which build it is.
enum BuildHeader {
    static let name = "gd2-build"
}

private struct BuildInterceptor: ClientInterceptor {
    let build: String

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingClientRequest<Input>, context: ClientContext,
        next:
            @concurrent (StreamingClientRequest<Input>, ClientContext) async throws ->
            StreamingClientResponse<Output>
    ) async throws -> StreamingClientResponse<Output> {
        var request = request
        request.metadata.replaceOrAddString(build, forKey: BuildHeader.name)
        return try await next(request, context)
    }
}
