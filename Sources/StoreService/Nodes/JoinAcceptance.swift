import AuthorityExchange
import Certificates
import FoundationEssentials
import GD2Error
import GlusterModel
import Logging
import NodeAPI
import StoreAPI
import StoreSchema
import SwiftASN1
import SwiftProtobuf
import X509

/// Letting another node in.
extension Joins {
    func accept(
        _ request: Gd2_Node_V1_JoinRequest, from caller: NodeCaller?
    ) async throws -> Gd2_Node_V1_JoinReply {
        let (peer, exchange, unchanged) = try await admit(request)
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

    /// Throws as ``accept(_:from:)`` would.
    func check(_ request: Gd2_Node_V1_JoinRequest) async throws { _ = try await admit(request) }

    /// What is to be known before the joining node's token is used.
    private func admit(
        _ request: Gd2_Node_V1_JoinRequest
    ) async throws -> (peer: PeerID, exchange: KnownExchange?, unchanged: Compare) {
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
        return (peer, exchange, unchanged)
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
}

extension StoredToken {
    func isUsable(now: Date) -> Bool {
        usesLeft > 0 && Double(expires) > now.timeIntervalSince1970
    }
}
