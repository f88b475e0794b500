import EventLoopTasks
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
import Logging
import NodeAPI
import ServiceLifecycle
import Synchronization

/// Connections to other nodes' 24008, one a peer, made when first asked for and kept until the peer
/// goes or its addresses change.
final class NodeConnections: Service {
    typealias Transport = HTTP2ClientTransport.Posix
    typealias Client = GRPCClient<Transport>

    private struct Entry {
        var client: Client
        var addresses: [HostPort]
        var address: Int
    }

    private let certificates: ClusterCertificates
    private let entries = Mutex<[PeerID: Entry]>([:])
    private let made: AsyncStream<Client>
    private let giver: AsyncStream<Client>.Continuation

    init(certificates: ClusterCertificates) {
        self.certificates = certificates
        (made, giver) = AsyncStream.makeStream(of: Client.self)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await client in self.made {
                    group.addTask {
                        try? await withTaskCancellationHandler {
                            try await onEventLoop { try await client.runConnections() }
                        } onCancel: {
                            client.beginGracefulShutdown()
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }

    func node(_ peer: Peer) throws -> Gd2_Node_V1_Node.Client<Transport> {
        .init(wrapping: try client(of: peer))
    }

    /// The connection to `peer`; the first call on it waits until it is made.
    func client(of peer: Peer) throws -> Client {
        let addresses = peer.nodeAddresses
        guard let first = addresses.first else {
            throw RPCError(code: .unavailable, message: "peer \(peer.name) has no address")
        }
        return try entries.withLock { entries in
            if let entry = entries[peer.id], entry.addresses == addresses { return entry.client }
            entries[peer.id]?.client.beginGracefulShutdown()
            let client = try connect(to: first, peer.id)
            entries[peer.id] = Entry(client: client, addresses: addresses, address: 0)
            return client
        }
    }

    /// Where the connection to `peer` leads.
    func address(of peer: PeerID) -> HostPort? {
        entries.withLock { entries in entries[peer].map { $0.addresses[$0.address] } }
    }

    /// The next call tries another of the peer's addresses, where it has several.
    func failed(_ peer: PeerID) {
        entries.withLock { entries in
            guard var entry = entries[peer], entry.addresses.count > 1 else { return }
            let next = (entry.address + 1) % entry.addresses.count
            guard let client = try? connect(to: entry.addresses[next], peer) else { return }
            entry.client.beginGracefulShutdown()
            (entry.client, entry.address) = (client, next)
            entries[peer] = entry
        }
    }

    /// Ends the connections to peers that are none any more.
    func keepOnly(_ peers: Set<PeerID>) {
        entries.withLock { entries in
            for (peer, entry) in entries where !peers.contains(peer) {
                entry.client.beginGracefulShutdown()
                entries[peer] = nil
            }
        }
    }

    private func connect(to address: HostPort, _ peer: PeerID) throws -> Client {
        let client = GRPCClient(
            transport: try Self.transport(to: address, NodeTLS.client(certificates, to: peer)))
        giver.yield(client)
        return client
    }

    static func transport(
        to address: HostPort, _ security: Transport.TransportSecurity
    ) throws -> Transport {
        try Transport(
            target: address.target, transportSecurity: security,
            config: .defaults { config in
                config.backoff.initial = .milliseconds(Limits.reconnectMinMs)
                config.backoff.max = .milliseconds(Limits.reconnectMaxMs * 5)
                config.connection.maxIdleTime = nil
                // A call waits for its answer: 0.1 ms more each way is most of its time.
                config.connection.flushCoalescing = nil
                config.connection.keepalive = .init(
                    time: .seconds(5), timeout: .seconds(2), allowWithoutCalls: true)
                config.channelDebuggingCallbacks.onCreateTCPConnection = answerPings
            })
    }

    /// For a call that answers once.
    static func options(_ timeout: Duration) -> CallOptions {
        LocalClient.options(timeout: timeout, wait: true)
    }
}

extension HostPort {
    var target: any ResolvableTarget {
        guard isAddress else { return .dns(host: host, port: port) }
        return host.contains(":")
            ? .ipv6(address: host, port: port) : .ipv4(address: host, port: port)
    }
}

extension Peer {
    /// Where its gd2-store answers other nodes. Its names come last: they may not resolve here.
    var nodeAddresses: [HostPort] {
        let port = nodePort ?? 24_008
        let isAddress = { (text: String) in
            text.contains(":") || text.allSatisfy { $0.isNumber || $0 == "." }
        }
        return (addresses.filter(isAddress) + addresses.filter { !isAddress($0) }).map {
            HostPort(host: $0, port: port)
        }
    }
}
