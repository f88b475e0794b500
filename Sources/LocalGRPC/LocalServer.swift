import EventLoopTasks
public import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Listening
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// A gRPC server on a listening Unix socket whose services know the kernel's word on each caller.
public struct LocalServer: Service {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>
    private let listener: Listener

    /// Takes the ownership of `descriptor`, a bound and listening stream socket. A caller that
    /// `callers` gives no program is refused before its message is read; `interceptors` come next.
    /// Calls run on the event loop, unless one of these is an ``OffLoopInterceptor``.
    public init(
        listening descriptor: Int32, callers: CallerTable,
        interceptors: [any ServerInterceptor] = [], services: [any RegistrableRPCService],
        log: Logger
    ) {
        let listener = Listener(log: log)
        self.listener = listener
        let transport = HTTP2ServerTransport.Posix(
            listeningSocketDescriptor: Int(descriptor), transportSecurity: .plaintext,
            config: .defaults { config in
                // As in LocalClient: an answer is one write already.
                config.connection.flushCoalescing = nil
                config.rpc.maxRequestPayloadSize = Limits.messageBytes
                config.http2.maxConcurrentStreams = Limits.streamsPerConnection
                config.channelDebuggingCallbacks.onBindTCPListener = listener.install
                config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
                    PingShield.install(on: channel, onServer: true).flatMap {
                        CredentialsKeeper.install(on: channel)
                    }
                }
                config.channelDebuggingCallbacks.onAcceptHTTP2Stream = CredentialsHeader.install
            })
        server = GRPCServer(
            transport: transport, services: services,
            interceptors: [CallerInterceptor(callers: callers)] + interceptors
                + [ErrorInterceptor()])
    }

    /// Serves until it is to stop; then running calls are cancelled, since a watch lives as long
    /// as its caller.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await onEventLoop { try await server.serve() } }
            group.addTask {
                guard (try? await gracefulShutdown()) != nil else { return }
                await listener.stopAccepting()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

private struct CallerInterceptor: ServerInterceptor {
    let callers: CallerTable

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let header = request.metadata[stringValues: CredentialsHeader.name].first { _ in true }
        guard let credentials = header.flatMap(PeerCredentials.init(header:)) else {
            throw RPCError(code: .unauthenticated, message: "the caller's user is not known")
        }
        let programs = callers.programs(of: credentials)
        guard !programs.isEmpty else {
            throw RPCError(
                code: .permissionDenied,
                message: "uid \(credentials.uid) is in no row of the caller table: "
                    + "run as root or add the user to `callers` in the configuration")
        }
        var context = context
        context.transportSpecific = LocalCaller(
            credentials: credentials, programs: programs,
            build: request.metadata[stringValues: BuildHeader.name].first { _ in true })
        return try await next(request, context)
    }
}
