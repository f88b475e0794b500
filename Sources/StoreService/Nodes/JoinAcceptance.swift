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
        guard case .invited(let key) = caller else { return try await add(request, from: caller) }
        let reply = try await node.invitations.use(key, now: Date()) {
            try await add(request, from: caller)
        }
        guard let reply else {
            throw GD2Error(.notAllowed, "the invitation is used or over: add the node again")
        }
        return reply
    }

    private func add(
        _ request: Gd2_Node_V1_JoinRequest, from caller: NodeCaller?
    ) async throws -> Gd2_Node_V1_JoinReply {
        let peer = try peer(of: request)
        for _ in 0..<Limits.joinTries {
            let terms = try await terms(for: request, peer, from: caller)
            let certificate = try certificate(
                for: peer, publicKey: request.publicKey, hosts: request.addresses)
            if try await add(peer, request, terms) {
                return try reply(certificate, terms.exchange)
            }
            if try await store.get(keys.peer(peer)) != nil { break }
        }
        throw GD2Error(
            .conflict,
            "peer \(peer) is in this cluster already, or others join in this moment: try again")
    }

    /// Throws as ``accept(_:from:)`` would.
    func check(_ request: Gd2_Node_V1_JoinRequest, from caller: NodeCaller? = nil) async throws {
        _ = try await terms(for: request, peer(of: request), from: caller)
    }

    private func reply(
        _ certificate: String, _ exchange: KnownExchange?
    ) throws -> Gd2_Node_V1_JoinReply {
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

    // MARK: On which terms

    /// What the store says of a node that is let in: the write that makes it a peer compares all of
    /// it, and uses the token.
    private struct Terms {
        var exchange: KnownExchange?
        var unchanged: [Compare]
        var operations: [StoreAPI.Operation]

        mutating func compare(_ found: KeyValue?, at key: String) {
            unchanged.append(
                found.map { .modRevision(key: key, equals: $0.modRevision) }
                    ?? .createRevision(key: key, equals: 0))
        }
    }

    /// Throws what is to be said before anything is written.
    private func peer(of request: Gd2_Node_V1_JoinRequest) throws -> PeerID {
        guard let peer = PeerID(request.peerID) else {
            throw GD2Error(.invalid, "the joining node has no peer id")
        }
        // Another node, of the cluster's version, may let it in.
        if let refusal = node.schema.refusal { throw GD2Error(.unavailable, refusal) }
        try checkEtcd(request)
        return peer
    }

    private func terms(
        for request: Gd2_Node_V1_JoinRequest, _ peer: PeerID, from caller: NodeCaller?
    ) async throws -> Terms {
        if node.certificates.nodeAuthority == nil {
            throw GD2Error(
                .unavailable, "this node cannot sign: join by a voter (glustercli cluster members)")
        }
        try check(request, peer)
        async let authorities = store.get(keys.authorities)
        async let version = store.get(keys.schemaVersion)
        async let token = token(of: caller)
        var terms = Terms(
            exchange: nil, unchanged: [.createRevision(key: keys.peer(peer), equals: 0)],
            operations: [])
        let schema = try schema(await version, for: request)
        terms.exchange = try exchange(await authorities)
        terms.compare(try await authorities, at: keys.authorities)
        terms.compare(schema, at: keys.schemaVersion)
        // Who is just raising the schema has to look again.
        terms.operations.append(.put(key: keys.schemaVersion, value: schema.value))
        if let token = try await token {
            terms.compare(token.found, at: token.key)
            terms.operations.append(try Self.use(token.found, at: token.key))
        }
        return terms
    }

    private func token(
        of caller: NodeCaller?
    ) async throws -> (key: String, found: KeyValue?)? {
        guard case .token(let fingerprint) = caller else { return nil }
        let key = keys.token(fingerprint)
        return (key, try await store.get(key))
    }

    /// What a new peer has to trust and to be signed by, so that no phase of an exchange leaves it
    /// behind: the exchange goes on only when all peers that it knows of are ready, and whoever
    /// joins in between is ready from its first moment.
    private func exchange(_ found: KeyValue?) throws -> KnownExchange? {
        guard let found else { return nil }
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
        return known
    }

    /// False: something of the terms has changed.
    private func add(
        _ peer: PeerID, _ request: Gd2_Node_V1_JoinRequest, _ terms: Terms
    ) async throws -> Bool {
        var record = Peer(
            id: peer, name: request.name, addresses: request.addresses,
            clientAddresses: request.clientAddresses)
        record.nodePort = Int(request.nodePort)
        record.metadata = request.metadata
        let builds = StoredBuilds(programs: builds(of: request))
        let result = try await store.txn(
            if: terms.unchanged,
            then: terms.operations + [
                .put(key: keys.builds(of: peer), value: RecordCoding.encode(builds)),
                .put(key: keys.peer(peer), value: RecordCoding.encode(record)),
                .delete(key: keys.removedPeer(peer)), .delete(key: keys.leavingPeer(peer)),
            ])
        guard result.succeeded else { return false }
        node.log.notice(
            "peer joined", metadata: ["peer": "\(request.name)", "peer.id": "\(peer)"])
        return true
    }

    private func check(_ request: Gd2_Node_V1_JoinRequest, _ peer: PeerID) throws {
        let conflict = Self.conflict(
            peer, request.name, request.addresses, among: Array(node.peers.peers.values))
        if let conflict { throw conflict }
    }

    /// Why no node of this id, name and addresses can be let in beside `peers`.
    static func conflict(
        _ peer: PeerID, _ name: String, _ addresses: [String], among peers: [Peer]
    ) -> GD2Error? {
        let anew = "stop gd2-store there, remove identity.json from its state directory, and join"
        if let known = peers.first(where: { $0.id == peer }) {
            // Its own join, of which it never got the answer, or a copy of all of it.
            return GD2Error(
                .conflict,
                known.name == name
                    ? "\(name) (peer id \(peer)) is a peer of this cluster already: when its join "
                        + "was cut off before, remove it (glustercli peer remove \(name) --force) "
                        + "and join again; when it is a copy of \(name), \(anew)"
                    : "peer id \(peer) is \(known.name)'s already: \(name) is a copy of it; "
                        + anew)
        }
        let taken = peers.first { other in
            other.name == name || !Set(other.addresses).isDisjoint(with: addresses)
        }
        return taken.map { taken in
            GD2Error(
                .conflict,
                "\(name) has the name or an address of peer \(taken.name): give each node its own, "
                    + "or remove the old one (glustercli peer remove \(taken.name))")
        }
    }

    /// The schema that the store is in, which the joining node has to read.
    private func schema(
        _ found: KeyValue?, for request: Gd2_Node_V1_JoinRequest
    ) throws -> KeyValue {
        guard let found else {
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

    /// The token with a use less.
    private static func use(_ found: KeyValue?, at key: String) throws -> StoreAPI.Operation {
        let refusal = GD2Error(
            .notAllowed, "the token is used or over: make a new one (glustercli peer token create)")
        guard let found else { throw refusal }
        var token = try RecordCoding.decode(StoredToken.self, from: found.value)
        guard token.isUsable(now: Date()) else { throw refusal }
        token.usesLeft -= 1
        return token.usesLeft > 0
            ? .put(key: key, value: try RecordCoding.encode(token, updating: found.value))
            : .delete(key: key)
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
