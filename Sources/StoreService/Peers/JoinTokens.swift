import Certificates
import FoundationEssentials
import GD2Error
import StoreAPI
import X509

/// Join tokens and the pairing code of this node.
extension PeerChanges {
    func createToken(
        seconds: UInt32, uses: UInt32
    ) async throws -> (JoinToken, secret: String) {
        let root = try checkToken(seconds: seconds, uses: uses)
        try await dropOldTokens()
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

    /// Throws as ``createToken(seconds:uses:)`` would; what a token names.
    @discardableResult func checkToken(seconds: UInt32, uses: UInt32) throws -> Certificate {
        guard (1...Limits.tokenSecondsMax).contains(seconds) else {
            throw GD2Error(
                .invalid, "a token lives 1 to \(Limits.tokenSecondsMax) seconds, not \(seconds)")
        }
        guard (1...Limits.tokenUsesMax).contains(uses) else {
            throw GD2Error(
                .invalid, "a token serves 1 to \(Limits.tokenUsesMax) times, not \(uses)")
        }
        let now = Date()
        let count = node.peers.tokens.values.count { $0.isUsable(now: now) }
        guard count < Limits.tokensMax else {
            throw GD2Error(
                .tooManyRequests,
                "there are \(Limits.tokensMax) tokens: revoke some (glustercli peer token list)")
        }
        return try authority()
    }

    private func dropOldTokens() async throws {
        let now = Date()
        for id in node.peers.tokens.filter({ !$0.value.isUsable(now: now) }).keys.prefix(50) {
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

    func revokeToken(_ id: String) async throws {
        let token = try await token(id)
        _ = try await store.txn(if: [], then: [.delete(key: keys.token(token.id))])
    }

    /// By its id, or by the beginning of it where that is only one's.
    func token(_ id: String) async throws -> JoinToken {
        let found = try await tokens().filter { $0.id.hasPrefix(id) && !id.isEmpty }
        guard let token = found.first, found.count == 1 else {
            throw GD2Error(
                .notFound,
                found.isEmpty
                    ? "there is no token \(id): glustercli peer token list shows all"
                    : "\(found.count) tokens begin with \(id): give more of it")
        }
        return token
    }

    func pair(seconds: UInt32) async throws -> (code: String, until: Date) {
        let root = try await checkPair(seconds: seconds)
        return try node.pairing.show(authority: root, seconds: TimeInterval(seconds))
    }

    /// Throws as ``pair(seconds:)`` would; what a code names.
    @discardableResult func checkPair(seconds: UInt32) async throws -> Certificate {
        guard (1...Limits.pairSecondsMax).contains(seconds) else {
            throw GD2Error(
                .invalid, "a code lives 1 to \(Limits.pairSecondsMax) seconds, not \(seconds)")
        }
        try await joins.checkEmpty()
        return try authority()
    }

    func authority() throws -> Certificate {
        guard let root = try node.certificates.ownRoot() else {
            throw GD2Error(.internal, "this node has no authority")
        }
        return root
    }
}
