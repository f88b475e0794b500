import AuthorityExchange
import Certificates
import FoundationEssentials
import GD2Error
import GlusterModel
import Logging
import StoreAPI
import StoreSchema
import X509

/// What an operator sees of the authorities, and the wish for others.
struct AuthorityChanges: Sendable {
    let node: NodeParts
    let store: UpstreamStore
    let keeper: AuthorityKeeper

    private var keys: StoreKeys { node.state.identity.store.keys }

    // MARK: Show

    func known() throws -> StoreAuthorities {
        let shown = node.authorities.shown
        let member = node.authorities.holdings.member
        var all = try list("node-ca", .nodes) { $0 == shown }
        if let member { all += try list("peer-ca", .members) { $0 == member.shown } }
        return StoreAuthorities(
            authorities: all, exchange: try exchange(), removed: try keeper.revocation.removed())
    }

    private func list(
        _ name: String, _ use: StoreAuthorities.Use, signs: (String) -> Bool
    ) throws -> [StoreAuthorities.Authority] {
        try node.certificates.roots(name).map { root in
            let fingerprint = try CertificateChain.fingerprint(of: root)
            return StoreAuthorities.Authority(
                use: use, fingerprint: fingerprint,
                expires: Int64(root.notValidAfter.timeIntervalSince1970), signs: signs(fingerprint))
        }
    }

    private func exchange() throws -> StoreAuthorities.Exchange? {
        let known = try node.peers.exchange.map(KnownExchange.init)
        if let known, known.phase != .done {
            let lacking = known.exchange.lacks(keeper.askedPeers()).map { lack in
                StoreAuthorities.Lack(
                    peer: lack.peer, name: lack.name, message: Self.text(lack))
            }
            return .init(
                phase: known.phase.rawValue, began: known.record.began, ended: nil,
                lacking: lacking)
        }
        if let wish = node.peers.wish {
            return .init(phase: "asked", began: wish.asked, ended: nil, lacking: [])
        }
        return known.map {
            .init(
                phase: $0.phase.rawValue, began: $0.record.began, ended: $0.record.ended,
                lacking: [])
        }
    }

    private static func text(_ lack: Lack) -> String {
        switch lack.what {
        case .unreachable:
            "it does not answer: start it, or, when it is gone for ever, "
                + "glustercli peer remove \(lack.name) --force"
        case .unreported: "it does not say what it has: is its gd2 of this version?"
        case .trust: "it does not trust the new authority yet"
        case .certificate: "it has no certificate of the new authority yet"
        case .keys: "it has not the keys of the new authorities yet"
        case .member: "its etcd does not run (systemctl status gd2-etcd)"
        case .restart: "its etcd waits to be started anew, which needs all voters to be up"
        case .memberCertificate: "its etcd has no certificate of the new authority yet"
        case .retirement: "it still trusts the old authority"
        }
    }

    // MARK: Exchange

    func exchange(isDryRun: Bool) async throws -> String {
        guard !node.isExternal, node.state.identity.externalEtcd == nil else {
            throw GD2Error(
                .conflict,
                "the store is an etcd that others run, which exchanges its own authority; that for "
                    + "TCP 24008 cannot be exchanged there yet")
        }
        try await FeatureGates(store: store, build: node.schema.build).require(.authorityExchange)
        // The wish first: the leader takes it away when it makes the record.
        let wished = try await store.get(keys.authorityWish) != nil
        let running = try await store.get(keys.authorities).map { found in
            try RecordCoding.decode(StoredAuthorityExchange.self, from: found.value)
        }
        if wished || running.map({ $0.phase != .done }) ?? false {
            throw GD2Error(
                .conflict,
                "the authorities are being exchanged already: glustercli cluster authority show "
                    + "says how far it is")
        }
        let peers = node.peers.peers.count
        let away = keeper.askedPeers().filter { !$0.isReachable }.map(\.name).sorted()
        var text =
            "the authorities for TCP 24008 and for etcd's members \(isDryRun ? "would be" : "are") "
            + "replaced on \(peers) node\(peers == 1 ? "" : "s"), in three phases"
        let tokens = node.peers.tokens.count
        if tokens > 0 {
            text +=
                "; \(tokens == 1 ? "a join token ends" : "\(tokens) join tokens end") with the "
                + "second phase"
        }
        if !away.isEmpty { text += "; it waits until \(away.joined(separator: ", ")) answers" }
        if isDryRun { return text }
        let wish = StoredAuthorityWish(asked: Int64(Date().timeIntervalSince1970))
        let result = try await store.txn(
            if: [.createRevision(key: keys.authorityWish, equals: 0)],
            then: [.put(key: keys.authorityWish, value: RecordCoding.encode(wish))])
        guard result.succeeded else {
            throw GD2Error(.conflict, "somebody else has just asked for it")
        }
        node.log.notice("exchange of authorities asked for")
        try await node.waitForOwnMirror(result.revision)
        return text
    }
}
