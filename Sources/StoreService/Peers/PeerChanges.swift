import Certificates
import FoundationEssentials
import GD2Error
import GRPCCore
import GlusterModel
import LocalGRPC
import Membership
import NodeAPI
import StoreAPI
import SwiftProtobuf
import X509

/// What an operator changes of peers.
struct PeerChanges: Sendable {
    let node: NodeParts
    let store: UpstreamStore
    let joins: Joins
    let liveness: Liveness
    let membership: MembershipKeeper

    private var keys: StoreKeys { node.state.identity.store.keys }

    // MARK: Add

    /// Hands a node that shows a pairing code a token, by which it joins.
    func add(
        _ text: String, code: String, metadata: [String: String]
    ) async throws -> PeerID {
        guard let address = HostPort(text, defaultPort: 24_008) else {
            throw GD2Error(.invalid, "\"\(text)\" is not HOST or HOST:PORT")
        }
        let known = node.peers.peers.values.first {
            $0.name == address.host || $0.addresses.contains(address.host)
        }
        if let known {
            throw GD2Error(.conflict, "\(text) is peer \(known.name) of this cluster already")
        }
        guard !code.isEmpty || node.configuration.openJoin else {
            throw GD2Error(
                .notAllowed,
                "\(text) is not taken in by its name alone: run `glustercli peer pair` there and "
                    + "add the code it prints, or run `glustercli peer join` there with a token "
                    + "of this cluster (`glustercli peer token create`)")
        }
        let pairing = code.isEmpty ? nil : try JoinSecret(code)
        let (token, secret) = try await createToken(
            seconds: UInt32(Limits.nodeCall.seconds * 6), uses: 1)
        do {
            return try await invite(address, pairing, secret, metadata)
        } catch {
            try? await revokeToken(token.id)
            throw error
        }
    }

    private func invite(
        _ address: HostPort, _ pairing: JoinSecret?, _ token: String, _ metadata: [String: String]
    ) async throws -> PeerID {
        let key = pairing?.key ?? KeyPair.newKey()
        let pair = try KeyPair.selfSigned(key, named: "pairing", now: Date())
        let security = try NodeTLS.client(
            showing: pair, trusting: pairing?.authorityFingerprint)
        let reply: Gd2_Node_V1_InviteReply
        do {
            reply = try await Joins.asking(address, security) { client in
                try await Gd2_Node_V1_Node.Client(wrapping: client).invite(
                    .with {
                        $0.token = token
                        $0.metadata = metadata
                    }, options: NodeConnections.options(Limits.nodeCall * 2))
            }
        } catch let error as RPCError {
            let known = GD2Error(error, from: "\(address)")
            guard [.unavailable, .timedOut, .internal].contains(known.code) else { throw known }
            throw GD2Error(
                .unavailable,
                "could not connect to host. Make sure host address is valid, that gd2-store runs "
                    + "on \(address), TCP \(address.port) is open, and the code is the one it shows"
                    + " (\(error.message))")
        }
        guard let peer = PeerID(reply.peerID) else {
            throw GD2Error(.internal, "\(address) gave no peer id")
        }
        return peer
    }

    // MARK: Tokens

    func createToken(
        seconds: UInt32, uses: UInt32
    ) async throws -> (JoinToken, secret: String) {
        guard (1...Limits.tokenSecondsMax).contains(seconds) else {
            throw GD2Error(
                .invalid, "a token lives 1 to \(Limits.tokenSecondsMax) seconds, not \(seconds)")
        }
        guard (1...Limits.tokenUsesMax).contains(uses) else {
            throw GD2Error(
                .invalid, "a token serves 1 to \(Limits.tokenUsesMax) times, not \(uses)")
        }
        try await dropOldTokens()
        guard node.peers.tokens.count < Limits.tokensMax else {
            throw GD2Error(
                .tooManyRequests,
                "there are \(Limits.tokensMax) tokens: revoke some (glustercli peer token list)")
        }
        guard let root = try node.certificates.ownRoot() else {
            throw GD2Error(.internal, "this node has no authority")
        }
        let key = KeyPair.newKey()
        let id = CertificateChain.fingerprint(of: key.publicKey)
        let now = Int64(Date().timeIntervalSince1970)
        let token = StoredToken(
            created: now, expires: now + Int64(seconds), usesLeft: Int(uses))
        let revision = try await store.txn(
            if: [], then: [.put(key: keys.token(id), value: RecordCoding.encode(token))]
        ).revision
        try await node.waitForOwnMirror(revision)
        let voters = [node.own] + node.peers.otherVoters
        let secret = try JoinSecret(
            authorityFingerprint: CertificateChain.fingerprint(of: root), key: key,
            addresses: voters.compactMap { node.peers.peer($0) }.flatMap { peer in
                peer.nodeAddresses.prefix(2).map(\.description)
            })
        return (
            JoinToken(
                id: id, created: token.created, expires: token.expires, usesLeft: token.usesLeft),
            secret.text
        )
    }

    private func dropOldTokens() async throws {
        let now = Date()
        for (id, token) in node.peers.tokens.filter({ !$0.value.isUsable(now: now) }).prefix(50) {
            _ = token
            _ = try await store.txn(if: [], then: [.delete(key: keys.token(id))])
        }
    }

    func tokens() async throws -> [JoinToken] {
        try store.upstream.check()
        return try await store.list(prefix: keys.tokens).values.compactMap { value in
            guard let token = try? RecordCoding.decode(StoredToken.self, from: value.value),
                token.isUsable(now: Date())
            else { return nil }
            return JoinToken(
                id: String(value.key.dropFirst(keys.tokens.count)), created: token.created,
                expires: token.expires, usesLeft: token.usesLeft)
        }
    }

    /// By its id, or by the beginning of it where that is only one's.
    func revokeToken(_ id: String) async throws {
        let found = try await tokens().filter { $0.id.hasPrefix(id) && !id.isEmpty }
        guard let token = found.first, found.count == 1 else {
            throw GD2Error(
                .notFound,
                found.isEmpty
                    ? "there is no token \(id): glustercli peer token list shows all"
                    : "\(found.count) tokens begin with \(id): give more of it")
        }
        _ = try await store.txn(if: [], then: [.delete(key: keys.token(token.id))])
    }

    func pair(seconds: UInt32) async throws -> (code: String, until: Date) {
        guard (1...Limits.pairSecondsMax).contains(seconds) else {
            throw GD2Error(
                .invalid, "a code lives 1 to \(Limits.pairSecondsMax) seconds, not \(seconds)")
        }
        try await joins.checkEmpty()
        guard let root = try node.certificates.ownRoot() else {
            throw GD2Error(.internal, "this node has no authority")
        }
        return try node.pairing.show(authority: root, seconds: TimeInterval(seconds))
    }

    // MARK: Edit

    func edit(
        _ peer: PeerID, name: String, addresses: [String], metadata: [String: String],
        removed: [String]
    ) async throws {
        guard addresses.allSatisfy({ HostPort($0, defaultPort: 1) != nil && !$0.contains("/") })
        else { throw GD2Error(.invalid, "an address is a host's name or an IP address") }
        for _ in 0..<5 {
            guard let found = try await store.get(keys.peer(peer)) else {
                throw GD2Error(.notFound, "there is no peer \(peer)")
            }
            var record = try RecordCoding.decode(Peer.self, from: found.value)
            let other = node.peers.peers.values.first { other in
                other.id != peer
                    && (other.name == name || !Set(other.addresses).isDisjoint(with: addresses))
            }
            if let other {
                throw GD2Error(.conflict, "name or address is peer \(other.name)'s")
            }
            if !name.isEmpty { record.name = name }
            if !addresses.isEmpty {
                let ports = record.clientAddresses.compactMap { $0.split(separator: ":").last }
                record.addresses = addresses
                record.clientAddresses = addresses.map { "\($0):\(ports.first ?? "24007")" }
                // The node itself keeps what was set here.
                record.metadata["_addresses"] = "set"
            }
            if !name.isEmpty { record.metadata["_name"] = "set" }
            record.metadata.merge(metadata) { _, new in new }
            for key in removed { record.metadata[key] = nil }
            let result = try await store.txn(
                if: [.modRevision(key: keys.peer(peer), equals: found.modRevision)],
                then: [
                    .put(
                        key: keys.peer(peer),
                        value: RecordCoding.encode(record, updating: found.value))
                ])
            if result.succeeded { return }
        }
        throw GD2Error(.conflict, "peer \(peer) is being changed by others: try again")
    }

    // MARK: Remove

    /// Marks a peer as leaving and waits until the leader has taken it out.
    func remove(_ peer: PeerID, force: Bool, isDryRun: Bool) async throws -> String {
        guard let known = node.peers.peer(peer) else {
            throw GD2Error(.notFound, "there is no peer \(peer): glustercli peer list shows all")
        }
        guard node.peers.peers.count > 1 else {
            throw GD2Error(.conflict, "\(known.name) is the only peer of its cluster")
        }
        let isReachable = peer == node.own || liveness.of(peer).isReachable
        guard isReachable || force else {
            throw GD2Error(
                .unavailable,
                "\(known.name) does not answer (\(liveness.of(peer).message)): start it, or, when "
                    + "it is gone for ever, add --force")
        }
        if let refusal = refusal(removing: known, force: force) {
            throw GD2Error(.conflict, refusal)
        }
        if isDryRun { return "\(known.name) would be taken out of the cluster" }
        let revision = try await store.txn(
            if: [],
            then: [
                .put(
                    key: keys.leavingPeer(peer),
                    value: RecordCoding.encode(StoredLeaving(force: force)))
            ]
        ).revision
        try await node.waitForOwnMirror(revision)
        // A node that leaves is started anew, and could not tell the end.
        if peer == node.own { return "\(known.name) leaves the cluster" }
        try await waitUntilGone(known)
        return "\(known.name) is taken out of the cluster"
    }

    private func refusal(removing peer: Peer, force: Bool) -> String? {
        guard node.isExternal else {
            let (members, candidates) = membership.known()
            return MembershipPlan.refusal(
                removing: peer.id, members: members, candidates: candidates, force: force)
        }
        let direct = node.peers.members.members.map(\.peer)
        guard direct == [peer.id] else { return nil }
        return "\(peer.name) is the only peer that speaks to the external etcd: set "
            + "etcd-endpoints on another one first"
    }

    private func waitUntilGone(_ peer: Peer) async throws {
        let end = ContinuousClock.now + Limits.removal
        while ContinuousClock.now < end {
            if !node.peers.knows(peer.id) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw GD2Error(
            .timedOut,
            "\(peer.name) is leaving, and goes on by itself: glustercli cluster members shows what "
                + "it waits for")
    }
}
