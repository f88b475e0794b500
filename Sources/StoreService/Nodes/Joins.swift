import AuthorityExchange
import Certificates
import EtcdAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
import Logging
import NodeAPI
import StoreAPI
import StoreSchema
import SwiftASN1
import SwiftProtobuf
import X509

/// Joining a cluster: this node's end. The other one is in `JoinAcceptance.swift`.
struct Joins: Sendable {
    let node: NodeParts
    let store: UpstreamStore

    var keys: StoreKeys { node.state.identity.store.keys }

    /// Joins the cluster of `secret`. From its answer on this node is a peer; gd2-store starts anew
    /// with what it was given.
    func join(
        _ secret: JoinSecret, metadata: [String: String]
    ) async throws -> (ClusterID, PeerID) {
        var request = try await request()
        let key = KeyPair.newKey()
        request.publicKey = try key.publicKey.serializeAsPEM().pemString
        request.metadata = metadata
        let asked = request
        let reply = try await asking(by: secret) { node, options in
            try await node.join(asked, options: options)
        }
        return try await become(reply, key)
    }

    /// Throws as ``join(_:metadata:)`` would; the cluster that it would join.
    func checkJoin(_ secret: JoinSecret) async throws -> ClusterID {
        let request = try await request()
        let reply = try await asking(by: secret) { node, options in
            try await node.checkJoin(request, options: options)
        }
        return try Self.cluster(reply.clusterID)
    }

    private static func cluster(_ text: String) throws -> ClusterID {
        guard let cluster = ClusterID(text) else {
            throw GD2Error(.internal, "the cluster gave no id")
        }
        return cluster
    }

    /// Calls the first node of the cluster of `secret` that answers.
    private func asking<Reply: Sendable>(
        by secret: JoinSecret,
        _ call:
            @Sendable @escaping (
                Gd2_Node_V1_Node.Client<HTTP2ClientTransport.Posix>, CallOptions
            ) async throws -> Reply
    ) async throws -> Reply {
        let pair = try KeyPair.selfSigned(
            secret.key, named: node.own.description, now: Date())
        var causes: [String] = []
        var hasTimedOut = false
        let seen = SeenAuthorities()
        for text in secret.addresses {
            guard let address = HostPort(text, defaultPort: node.configuration.nodePort) else {
                continue
            }
            do {
                return try await Self.asking(
                    address,
                    try NodeTLS.client(
                        showing: pair, trusting: secret.authorityFingerprint, seen: seen)
                ) { client in
                    // An address that lets nobody in is not tried again until the time is over.
                    try await call(
                        Gd2_Node_V1_Node.Client(wrapping: client),
                        LocalClient.options(timeout: Limits.nodeCall, wait: false))
                }
            } catch let error as RPCError {
                let known = GD2Error(error, from: "\(address)")
                guard [.unavailable, .timedOut].contains(known.code) else { throw known }
                causes.append("\(address): \(error.message)")
                hasTimedOut = hasTimedOut || known.code == .timedOut
            }
        }
        if seen.isOther {
            throw GD2Error(
                .notAllowed,
                "\(secret.addresses.joined(separator: ", ")) shows another authority than the "
                    + "token names: the token was made before the cluster's authorities were "
                    + "exchanged, or another cluster answers there. Make a new one "
                    + "(glustercli peer token create)")
        }
        guard !seen.isWanted || hasTimedOut else {
            throw GD2Error(
                .notAllowed,
                "no node of the cluster lets this one in (asked: "
                    + "\(secret.addresses.joined(separator: ", "))): the token is used, over or "
                    + "revoked. Make a new one (glustercli peer token create)")
        }
        throw GD2Error(
            .unavailable,
            "no node of the cluster lets this one in (\(causes.joined(separator: "; "))): is TCP "
                + "24008 open there, and the token neither used nor over?")
    }

    /// What this node asks to join with, but for its key; throws where it cannot join any cluster.
    func request() async throws -> Gd2_Node_V1_JoinRequest {
        try await checkEmpty()
        let configuration = node.configuration
        if configuration.isExternal, node.state.identity.externalEtcd == nil {
            throw GD2Error(
                .unavailable,
                "this node does not know its external etcd yet: \(node.state.status.message)")
        }
        let addresses = NodeAddresses.all(configured: configuration.address)
        return .with {
            $0.peerID = node.own.description
            $0.name = configuration.name.isEmpty ? NodeAddresses.hostName() : configuration.name
            $0.addresses = addresses
            $0.clientAddresses = addresses.map { "\($0):\(configuration.clientPort)" }
            $0.version = node.schema.version
            $0.schema = UInt32(node.schema.newest)
            $0.nodePort = UInt32(configuration.nodePort)
            $0.externalStore =
                configuration.isExternal ? node.state.identity.externalEtcd ?? "" : ""
        }
    }

    /// A node joins only while nothing would be lost by it.
    func checkEmpty() async throws {
        let others = node.peers.peers.count - 1
        if others > 0 || node.state.identity.hasJoined {
            throw GD2Error(
                .conflict,
                "this node is in a cluster (\(node.state.identity.cluster)) with "
                    + "\(others == 1 ? "1 other peer" : "\(max(others, 0)) other peers"): take it "
                    + "out first (glustercli peer remove)")
        }
        let volumes = try await ownVolumes().values.count { $0.key.hasSuffix("/head") }
        if volumes > 0 {
            throw GD2Error(
                .conflict,
                "this node has \(volumes) volumes of its own: delete them first, or join the other "
                    + "way round (glustercli volume list)")
        }
    }

    /// A node that was just started has no etcd for a moment: it is waited for.
    private func ownVolumes() async throws -> RangeResult {
        let end = ContinuousClock.now + Limits.ownStoreStart
        while true {
            do { return try await store.list(prefix: keys.volumes) } catch let error as StoreError {
                guard case .unavailable(let why) = error, .now < end else {
                    throw GD2Error(
                        .unavailable,
                        "whether this node has volumes is not known, its own store does not answer "
                            + "(see systemctl status gd2-etcd): \(error)")
                }
                node.log.debug("own store not there yet", metadata: ["error": "\(why)"])
            }
            try await Task.sleep(for: Limits.ownStoreLookEvery)
        }
    }

    private func become(
        _ reply: Gd2_Node_V1_JoinReply, _ key: Certificate.PrivateKey
    ) async throws -> (ClusterID, PeerID) {
        let cluster = try Self.cluster(reply.clusterID)
        let folder = ClusterCertificates(
            stateDirectory: node.configuration.stateDirectory, cluster: cluster)
        try folder.makeFolder()
        let pair = KeyPair(certificate: try Certificate(pemEncoded: reply.certificate), key: key)
        try pair.save(folder.directory, "node")
        try TextFile.write(folder.path("node-ca.pem"), reply.authorities)
        var identity = NodeIdentity(cluster: cluster, peer: node.own, epoch: Epoch(reply.epoch))
        identity.joined = true
        identity.left = node.state.identity.cluster
        identity.externalEtcd = reply.externalStore.isEmpty ? nil : reply.externalStore
        try KnownVoters(reply.voters).save(node.configuration.stateDirectory, cluster: cluster)
        // From here on it is a peer, whenever it is started.
        try identity.save(directory: node.configuration.stateDirectory)
        if node.configuration.isExternal {
            // What it was alone stands in the same etcd, and is of no use any more.
            _ = try? await store.txn(if: [], then: [.deletePrefix(keys.prefix)])
        }
        node.log.notice("joined a cluster", metadata: ["cluster": "\(cluster)"])
        node.restart.soon()
        return (cluster, node.own)
    }

    /// One call to a node that there is no lasting connection to.
    static func asking<Value: Sendable>(
        _ address: HostPort, _ security: HTTP2ClientTransport.Posix.TransportSecurity,
        _ body:
            @Sendable @escaping (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Value
    ) async throws -> Value {
        try await withGRPCClient(
            transport: try NodeConnections.transport(to: address, security)
        ) { client in
            try await body(client)
        }
    }
}
