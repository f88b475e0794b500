import Certificates
import FoundationEssentials
import GD2Error
import GRPCCore
import GRPCNIOTransportHTTP2Posix
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

    var keys: StoreKeys { node.state.identity.store.keys }

    // MARK: Add

    private static let invitationSeconds = UInt32(Limits.nodeCall.seconds * 6)

    /// Hands a node that shows a pairing code a key, by which it joins here, or a token of the
    /// cluster's where this node cannot take anybody in.
    func add(
        _ text: String, code: String, metadata: [String: String]
    ) async throws -> PeerID {
        let (address, pairing) = try addable(text, code: code)
        guard node.certificates.nodeAuthority != nil, let own = node.peers.peer(node.own) else {
            return try await addByToken(address, pairing, metadata)
        }
        let key = KeyPair.newKey()
        let fingerprint = CertificateChain.fingerprint(of: key.publicKey)
        let secret = try JoinSecret(
            authorityFingerprint: CertificateChain.fingerprint(of: authority()), key: key,
            addresses: own.nodeAddresses.prefix(2).map(\.description))
        let seconds = TimeInterval(Self.invitationSeconds)
        node.invitations.add(fingerprint, until: Date().addingTimeInterval(seconds))
        defer { node.invitations.end(fingerprint) }
        return try await invite(address, pairing, secret.text, metadata)
    }

    private func addByToken(
        _ address: HostPort, _ pairing: JoinSecret?, _ metadata: [String: String]
    ) async throws -> PeerID {
        let (token, secret) = try await createToken(
            seconds: Self.invitationSeconds, uses: 1)
        do {
            return try await invite(address, pairing, secret, metadata)
        } catch {
            try? await revokeToken(token.id)
            throw error
        }
    }

    /// Throws as ``add(_:code:metadata:)`` would; the name of the node that would be taken in.
    func checkAdd(_ text: String, code: String) async throws -> String {
        let (address, pairing) = try addable(text, code: code)
        _ = try authority()
        let asked = try await asking(address, pairing) { node in
            try await node.checkInvite(
                .init(), options: NodeConnections.options(Limits.nodeCall))
        }
        try await joins.check(asked)
        return asked.name
    }

    private func addable(
        _ text: String, code: String
    ) throws -> (address: HostPort, pairing: JoinSecret?) {
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
        return (address, code.isEmpty ? nil : try JoinSecret(code))
    }

    private func invite(
        _ address: HostPort, _ pairing: JoinSecret?, _ token: String, _ metadata: [String: String]
    ) async throws -> PeerID {
        let reply = try await asking(address, pairing) { node in
            try await node.invite(
                .with {
                    $0.token = token
                    $0.metadata = metadata
                }, options: NodeConnections.options(Limits.nodeCall * 2))
        }
        guard let peer = PeerID(reply.peerID) else {
            throw GD2Error(.internal, "\(address) gave no peer id")
        }
        return peer
    }

    /// Calls a node in no cluster, which shows `pairing` or joins openly.
    private func asking<Reply: Sendable>(
        _ address: HostPort, _ pairing: JoinSecret?,
        _ call:
            @Sendable @escaping (
                Gd2_Node_V1_Node.Client<HTTP2ClientTransport.Posix>
            ) async throws -> Reply
    ) async throws -> Reply {
        let key = pairing?.key ?? KeyPair.newKey()
        let pair = try KeyPair.selfSigned(key, named: "pairing", now: Date())
        let security = try NodeTLS.client(
            showing: pair, trusting: pairing?.authorityFingerprint)
        do {
            return try await Joins.asking(address, security) { client in
                try await call(Gd2_Node_V1_Node.Client(wrapping: client))
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
    }

    // MARK: Edit

    func edit(
        _ peer: PeerID, name: String, addresses: [String], metadata: [String: String],
        removed: [String]
    ) async throws {
        guard addresses.allSatisfy({ HostPort($0, defaultPort: 1) != nil && !$0.contains("/") })
        else { throw GD2Error(.invalid, "an address is a host's name or an IP address") }
        if !addresses.isEmpty, let known = node.peers.peer(peer) {
            try await checkLeads(addresses, to: known)
        }
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
        let began = ContinuousClock.now
        while let refusal = refusal(removing: known, force: force) {
            let isInDoubt = isInDoubt(peer) && ContinuousClock.now - began < Limits.doubt
            guard isInDoubt else { throw refusal }
            try await Task.sleep(for: .milliseconds(200))
        }
        let fate = try keysText(of: peer, isDryRun: isDryRun)
        if isDryRun { return "\(known.name) would be taken out of the cluster\(fate)" }
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
        if peer == node.own { return "\(known.name) leaves the cluster\(fate)" }
        try await waitUntilGone(known)
        return "\(known.name) is taken out of the cluster\(fate)"
    }

    /// What becomes of the keys that the peer has had.
    private func keysText(of peer: PeerID, isDryRun: Bool) throws -> String {
        let holders = KeyHolders(node: node, store: store)
        guard !holders.isExternal else {
            guard node.peers.isMember(peer) else { return "" }
            return "; it has had the key of the authority for TCP 24008, which cannot be exchanged "
                + "with an external etcd: keep its disk"
        }
        guard try !holders.had(by: peer).isEmpty else { return "" }
        return "; it has had the keys of the cluster's authorities, which "
            + "\(isDryRun ? "would be" : "are") exchanged by themselves afterwards"
    }

    private func refusal(removing peer: Peer, force: Bool) -> GD2Error? {
        let seen = liveness.of(peer.id)
        guard peer.id == node.own || seen.isReachable || force else {
            return GD2Error(
                .unavailable,
                "\(peer.name) does not answer (\(seen.message)): start it, or, when it is gone for "
                    + "ever, add --force")
        }
        return quorumRefusal(removing: peer, force: force).map { GD2Error(.conflict, $0) }
    }

    /// Whether a refusal may be over in a moment: a probe is lost, a busy node late, and an etcd
    /// just started anew, while its node was heard a moment ago.
    private func isInDoubt(_ peer: PeerID) -> Bool {
        var silent = node.peers.members.members
            .filter { !membership.isServing($0.peer, $0.id) }.map(\.peer)
        if !liveness.of(peer).isReachable { silent.append(peer) }
        return silent.contains { peer in
            liveness.of(peer).heard.map { ContinuousClock.now - $0 < Limits.doubt } ?? false
        }
    }

    private func quorumRefusal(removing peer: Peer, force: Bool) -> String? {
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
