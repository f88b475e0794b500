import EventLoopTasks
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Listening
import LocalGRPC
import Logging
import NIOCore
import NodeAPI
import ServiceLifecycle

/// The gRPC server of TCP 24008.
struct NodeServer: Service {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>
    private let listener: Listener

    /// Takes the ownership of `descriptor`, a bound and listening TCP socket.
    init(
        listening descriptor: Int32, security: HTTP2ServerTransport.Posix.TransportSecurity,
        interceptor: NodeCallerInterceptor, services: [any RegistrableRPCService], log: Logger
    ) {
        let listener = Listener(log: log)
        self.listener = listener
        let bounds = ConnectionBounds(log: log)
        let transport = HTTP2ServerTransport.Posix(
            listeningSocketDescriptor: Int(descriptor), transportSecurity: security,
            config: .defaults { config in
                // A call waits for it: an answer is one write already.
                config.connection.flushCoalescing = nil
                config.rpc.maxRequestPayloadSize = LocalGRPC.Limits.messageBytes
                config.connection.keepalive.clientBehavior = .init(
                    minPingIntervalWithoutCalls: .seconds(1), allowWithoutCalls: true)
                config.connection.keepalive.time = .seconds(10)
                config.connection.keepalive.timeout = .seconds(5)
                config.channelDebuggingCallbacks.onBindTCPListener = listener.install
                config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
                    answerPingsOnServer(on: channel).flatMap { bounds.install(on: channel) }
                }
            })
        server = GRPCServer(
            transport: transport, services: services,
            interceptors: [
                interceptor, OffLoopInterceptor([Gd2_Node_V1_Node.descriptor]), ErrorInterceptor(),
            ])
    }

    func run() async throws {
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
