import EtcdAPI
import EtcdProcess
import EventLoopTasks
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import LocalGRPC
import ServiceLifecycle

/// The connection to this node's etcd over mTLS, or to an endpoint of an external one. While etcd
/// is away calls fail at once.
struct EtcdConnection: Service {
    typealias Transport = HTTP2ClientTransport.Posix
    let client: GRPCClient<Transport>

    init(address: String, certificates: EtcdCertificates) throws {
        let parts = address.split(separator: ":")
        let port = Int(parts.last ?? "") ?? 2_379
        let host = parts.dropLast().joined(separator: ":")
        let transport = try Transport(
            target: .ipv4(address: host, port: port),
            transportSecurity: .mTLS(
                certificateChain: [.file(path: certificates.path("client.pem"), format: .pem)],
                privateKey: .file(path: certificates.path("client.key"), format: .pem)
            ) { tls in
                tls.trustRoots = .certificates([
                    .file(path: certificates.path("client-ca.pem"), format: .pem)
                ])
                // etcd listens on loopback; the authority signs nothing but this node's etcd.
                tls.serverCertificateVerification = .noHostnameVerification
            },
            config: Self.transportConfig(reconnectMaxMs: Limits.reconnectMaxMs))
        client = GRPCClient(transport: transport)
    }

    /// One endpoint of an external etcd.
    init(
        endpoint: EndpointURL, security: Transport.TransportSecurity, gate: EndpointGate
    ) throws {
        let transport = try Transport(
            target: endpoint.place.target, transportSecurity: security,
            config: Self.transportConfig(reconnectMaxMs: Limits.reconnectMaxMs * 5))
        client = GRPCClient(transport: transport, interceptors: [gate])
    }

    private static func transportConfig(reconnectMaxMs: Int) -> Transport.Config {
        .defaults { config in
            config.backoff.initial = .milliseconds(Limits.reconnectMinMs)
            config.backoff.max = .milliseconds(reconnectMaxMs)
            config.connection.maxIdleTime = nil
            // A call waits for its answer: 0.1 ms more each way is most of its time.
            config.connection.flushCoalescing = nil
            config.connection.keepalive = .init(
                time: .seconds(10), timeout: .seconds(3), allowWithoutCalls: true)
            config.channelDebuggingCallbacks.onCreateTCPConnection = answerPings
        }
    }

    var kv: Etcdserverpb_KV.Client<Transport> { .init(wrapping: client) }
    var watch: Etcdserverpb_Watch.Client<Transport> { .init(wrapping: client) }
    var lease: Etcdserverpb_Lease.Client<Transport> { .init(wrapping: client) }
    var cluster: Etcdserverpb_Cluster.Client<Transport> { .init(wrapping: client) }
    var maintenance: Etcdserverpb_Maintenance.Client<Transport> { .init(wrapping: client) }

    /// For a call that answers once.
    static var options: CallOptions {
        LocalClient.options(timeout: .milliseconds(Limits.etcdCallMs), wait: false)
    }

    /// For a stream that lives as long as its caller.
    static var streamOptions: CallOptions {
        var options = options
        options.timeout = nil
        return options
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await onEventLoop { try await client.runConnections() }
        } onCancelOrGracefulShutdown: {
            client.beginGracefulShutdown()
        }
    }
}
