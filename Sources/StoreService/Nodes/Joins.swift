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

/// Both ends of joining a cluster.
struct Joins: Sendable {
    let node: NodeParts
    let store: UpstreamStore

    private var keys: StoreKeys { node.state.identity.store.keys }

    // MARK: This node joins

    /// Joins the cluster of `secret`. From its answer on this node is a peer; gd2-store starts anew
    /// with what it was given.
    func join(
        _ secret: JoinSecret, metadata: [String: String]
    ) async throws -> (ClusterID, PeerID) {
        try await checkEmpty()
        if node.configuration.isExternal, node.state.identity.externalEtcd == nil {
            throw GD2Error(
                .unavailable,
                "this node does not know its external etcd yet: \(node.state.status.message)")
        }
        let key = KeyPair.newKey()
        let request = try joinRequest(key, metadata)
        let pair = try KeyPair.selfSigned(
            secret.key, named: node.own.description, now: Date())
        var causes: [String] = []
        let seen = SeenAuthorities()
        for text in secret.addresses {
            guard let address = HostPort(text, defaultPort: node.configuration.nodePort) else {
                continue
            }
            do {
                let reply = try await Self.asking(
                    address,
                    try NodeTLS.client(
                        showing: pair, trusting: secret.authorityFingerprint, seen: seen)
                ) { client in
                    // An address that lets nobody in is not tried again until the time is over.
                    try await Gd2_Node_V1_Node.Client(wrapping: client).join(
                        request, options: LocalClient.options(timeout: Limits.nodeCall, wait: false)
                    )
                }
                return try await become(reply, key)
            } catch let error as RPCError {
                let known = GD2Error(error, from: "\(address)")
                guard [.unavailable, .timedOut].contains(known.code) else { throw known }
                causes.append("\(address): \(error.message)")
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
        throw GD2Error(
            .unavailable,
            "no node of the cluster lets this one in (\(causes.joined(separator: "; "))): is TCP "
                + "24008 open there, and the token neither used nor over?")
    }

    private func joinRequest(
        _ key: Certificate.PrivateKey, _ metadata: [String: String]
    ) throws -> Gd2_Node_V1_JoinRequest {
        let configuration = node.configuration
        let addresses = NodeAddresses.all(configured: configuration.address)
        return try .with {
            $0.peerID = node.own.description
            $0.name = configuration.name.isEmpty ? NodeAddresses.hostName() : configuration.name
            $0.addresses = addresses
            $0.clientAddresses = addresses.map { "\($0):\(configuration.clientPort)" }
            $0.publicKey = try key.publicKey.serializeAsPEM().pemString
            $0.version = node.schema.version
            $0.schema = UInt32(node.schema.newest)
            $0.nodePort = UInt32(configuration.nodePort)
            $0.metadata = metadata
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
                    + "\(max(others, 0)) other peers: take it out first (glustercli peer remove)")
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
        guard let cluster = ClusterID(reply.clusterID) else {
            throw GD2Error(.internal, "the cluster gave no id")
        }
        let folder = ClusterCertificates(
            stateDirectory: node.configuration.stateDirectory, cluster: cluster)
        try folder.makeFolder()
        let pair = KeyPair(certificate: try Certificate(pemEncoded: reply.certificate), key: key)
        try pair.save(folder.directory, "node")
        try TextFile.write(folder.path("node-ca.pem"), reply.authorities)
        var identity = NodeIdentity(cluster: cluster, peer: node.own, epoch: Epoch(reply.epoch))
        identity.joined = true
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

    // MARK: Another node joins

    func accept(
        _ request: Gd2_Node_V1_JoinRequest, from caller: NodeCaller?
    ) async throws -> Gd2_Node_V1_JoinReply {
        guard let peer = PeerID(request.peerID) else {
            throw GD2Error(.invalid, "the joining node has no peer id")
        }
        // Another node, of the cluster's version, may let it in.
        if let refusal = node.schema.refusal { throw GD2Error(.unavailable, refusal) }
        try check(request, peer)
        try checkEtcd(request)
        if node.certificates.nodeAuthority == nil {
            throw GD2Error(
                .unavailable, "this node cannot sign: join by a voter (glustercli cluster members)")
        }
        let (exchange, unchanged) = try await exchangeNow()
        _ = try await schema(for: request)
        if case .token(let fingerprint) = caller { try await use(token: fingerprint) }
        let certificate = try certificate(
            for: peer, publicKey: request.publicKey, hosts: request.addresses)
        var record = Peer(
            id: peer, name: request.name, addresses: request.addresses,
            clientAddresses: request.clientAddresses)
        record.nodePort = Int(request.nodePort)
        record.metadata = request.metadata
        try await add(record, request, while: unchanged)
        node.log.notice(
            "peer joined", metadata: ["peer": "\(request.name)", "peer.id": "\(peer)"])
        let voters = [node.own] + node.peers.otherVoters
        return try .with {
            $0.clusterID = node.state.identity.cluster.description
            $0.epoch = node.state.identity.epoch.number
            $0.certificate = certificate
            $0.authorities = try authorities(exchange)
            $0.externalStore = node.state.identity.externalEtcd ?? ""
            $0.voters = voters.compactMap { node.peers.peer($0) }.map { voter in
                .with {
                    $0.peerID = voter.id.description
                    $0.addresses = voter.nodeAddresses.map(\.description)
                }
            }
        }
    }

    /// What a new peer has to trust and to be signed by, so that no phase of an exchange leaves it
    /// behind: the exchange goes on only when all peers that it knows of are ready, and whoever
    /// joins in between is ready from its first moment. The condition says that it has not gone on.
    private func exchangeNow() async throws -> (KnownExchange?, Compare) {
        let found = try await store.get(keys.authorities)
        let unchanged: Compare =
            found.map { .modRevision(key: keys.authorities, equals: $0.modRevision) }
            ?? .createRevision(key: keys.authorities, equals: 0)
        guard let found else { return (nil, unchanged) }
        let known = try KnownExchange(
            RecordCoding.decode(StoredAuthorityExchange.self, from: found.value))
        guard
            known.phase == .trusting
                || node.certificates.nodeAuthority?.certificate == known.new.node
        else {
            throw GD2Error(
                .unavailable,
                "the authorities of this cluster are being exchanged, and this node has not its "
                    + "new key yet: try again in some seconds (glustercli cluster authority show)")
        }
        return (known, unchanged)
    }

    /// The token is used by now, so a schema that is raised meanwhile is looked at anew.
    private func add(
        _ record: Peer, _ request: Gd2_Node_V1_JoinRequest, while unchanged: Compare
    ) async throws {
        let builds = StoredBuilds(programs: builds(of: request))
        for _ in 0..<5 {
            let version = try await schema(for: request)
            let result = try await store.txn(
                if: [
                    .createRevision(key: keys.peer(record.id), equals: 0), unchanged,
                    .modRevision(key: keys.schemaVersion, equals: version.modRevision),
                ],
                then: [
                    .put(key: keys.builds(of: record.id), value: RecordCoding.encode(builds)),
                    // Who is just raising the schema has to look again.
                    .put(key: keys.schemaVersion, value: version.value),
                    .put(key: keys.peer(record.id), value: RecordCoding.encode(record)),
                    .delete(key: keys.removedPeer(record.id)),
                    .delete(key: keys.leavingPeer(record.id)),
                ])
            if result.succeeded { return }
            if try await store.get(keys.peer(record.id)) != nil { break }
        }
        throw GD2Error(
            .conflict,
            "peer \(record.id) is in this cluster already, or an exchange of its authorities went "
                + "on in this moment: try again")
    }

    private func check(_ request: Gd2_Node_V1_JoinRequest, _ peer: PeerID) throws {
        if let known = node.peers.peer(peer) {
            throw GD2Error(
                .conflict,
                "peer id \(peer) is \(known.name)'s already: \(request.name) is a copy of it; "
                    + "there stop gd2-store, remove identity.json from its state directory, and "
                    + "join")
        }
        let taken = node.peers.peers.values.first { other in
            other.name == request.name
                || !Set(other.addresses).isDisjoint(with: request.addresses)
        }
        if let taken {
            throw GD2Error(
                .conflict,
                "\(request.name) has the name or an address of peer \(taken.name): give each node "
                    + "its own, or remove the old one (glustercli peer remove \(taken.name))")
        }
    }

    /// The schema that the store is in, which the joining node has to read.
    private func schema(for request: Gd2_Node_V1_JoinRequest) async throws -> KeyValue {
        guard let found = try await store.get(keys.schemaVersion) else {
            throw GD2Error(.unavailable, "the store does not say which schema it is in: try again")
        }
        let present = try RecordCoding.decode(StoredSchemaVersion.self, from: found.value).version
        guard Int(request.schema) >= present else {
            throw GD2Error(
                .conflict,
                "gd2 \(request.version) on \(request.name) cannot read schema \(present) of this "
                    + "cluster's store: install \(node.schema.version) or newer there")
        }
        return found
    }

    /// What the joining node said; its programs say the rest once it is a peer.
    private func builds(of request: Gd2_Node_V1_JoinRequest) -> [String: BuildReport] {
        let newest = max(Int(request.schema), SchemaPlan.first)
        return [
            SchemaGuard.program: BuildReport(
                version: request.version, lowest: SchemaPlan.first, newest: newest)
        ]
    }

    /// A node without the setting is a client of those with it.
    private func checkEtcd(_ request: Gd2_Node_V1_JoinRequest) throws {
        let (asked, own) = (request.externalStore, node.state.identity.externalEtcd)
        guard !asked.isEmpty, asked != own else { return }
        throw GD2Error(
            .conflict,
            own.map {
                "etcd-endpoints of \(request.name) lead to etcd \(asked), and the store of this "
                    + "cluster is in etcd \($0): set the same there, or none, and it reaches the "
                    + "store through other nodes"
            }
                ?? "\(request.name) is set to use an external etcd (etcd-endpoints), and this "
                + "cluster has its store in etcds of its own: remove the setting there, and join")
    }

    private func use(token fingerprint: String) async throws {
        let key = keys.token(fingerprint)
        for _ in 0..<5 {
            guard let found = try await store.get(key) else { break }
            var token = try RecordCoding.decode(StoredToken.self, from: found.value)
            guard token.isUsable(now: Date()) else { break }
            token.usesLeft -= 1
            let change: StoreAPI.Operation =
                token.usesLeft > 0
                ? .put(
                    key: key, value: try RecordCoding.encode(token, updating: found.value))
                : .delete(key: key)
            let result = try await store.txn(
                if: [.modRevision(key: key, equals: found.modRevision)], then: [change])
            if result.succeeded { return }
        }
        throw GD2Error(
            .notAllowed,
            "the token is used or over: make a new one (glustercli peer token create)")
    }

    func certificate(
        for peer: PeerID, publicKey: String, hosts: [String]
    ) throws -> String {
        guard let authority = node.certificates.nodeAuthority else {
            throw GD2Error(.unavailable, "this node cannot sign: ask a voter")
        }
        return try authority.issue(
            to: Certificate.PublicKey(pemEncoded: publicKey), commonName: peer.description,
            hosts: hosts, now: Date()
        ).serializeAsPEM().pemString
    }

    private func authorities(_ exchange: KnownExchange?) throws -> String {
        let own = try node.certificates.nodeRoots()
        guard let exchange else { return try CertificateBundle.text(own) }
        let all = exchange.phase == .done ? [exchange.new.node] : exchange.bothNode
        return try CertificateBundle.text(all)
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

extension StoredToken {
    func isUsable(now: Date) -> Bool {
        usesLeft > 0 && Double(expires) > now.timeIntervalSince1970
    }
}
