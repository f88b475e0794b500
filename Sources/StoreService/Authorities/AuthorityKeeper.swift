import AuthorityExchange
import Certificates
import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import Logging
import NodeAPI
import ServiceLifecycle
import StoreAPI
import SwiftASN1
import SwiftProtobuf
import Synchronization
import X509

/// Exchanges the authorities: on every node follows what the store says, and on the node whose etcd
/// leads takes the next step.
final class AuthorityKeeper: Service {
    private let node: NodeParts
    private let etcd: EtcdConnection
    private let store: UpstreamStore
    private let liveness: Liveness
    private let membership: MembershipKeeper
    private let follower: AuthorityFollower
    let revocation: RevocationKeeper
    private let logged = Mutex("")

    init(
        etcd: EtcdConnection, store: UpstreamStore, liveness: Liveness,
        membership: MembershipKeeper, callers: NodeCallers
    ) {
        node = membership.node
        self.etcd = etcd
        self.store = store
        self.liveness = liveness
        self.membership = membership
        follower = AuthorityFollower(node: node, callers: callers)
        revocation = RevocationKeeper(
            node: node, store: store, liveness: liveness, membership: membership)
    }

    private var keys: StoreKeys { node.state.identity.store.keys }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.look()
                    self.logged.withLock { $0 = "" }
                } catch { self.failed(error) }
                do { try await Task.sleep(for: Limits.exchangeEvery) } catch { return }
            }
        }
    }

    /// Each reason once: it is tried again every second.
    private func failed(_ error: any Error) {
        guard !Task.isCancelled else { return }
        let text = (error as? RPCError)?.message ?? "\(error)"
        let isNews = logged.withLock { logged in
            defer { logged = text }
            return logged != text
        }
        if isNews {
            node.log.warning("authorities not exchanged yet", metadata: ["error": "\(text)"])
        }
    }

    /// What is known from the past may be a phase that is over.
    private func look() async throws {
        guard node.peers.isCurrent else { return await node.authorities.look(node.role) }
        let known = try node.peers.exchange.map(KnownExchange.init)
        let isPast = known.map(isOfThePast) ?? false
        if let known, !isPast { try await follower.follow(known) }
        await node.authorities.look(node.role)
        guard membership.leads else { return revocation.rest() }
        if isPast {
            node.log.notice("store's authorities are of the past")
            try await begin(after: nil)
        } else if let known, known.phase != .done {
            try await step(known)
        } else if node.peers.wish != nil {
            try await begin(after: nil)
        }
        try await revocation.noteHolders()
        if try await revocation.look() { try await begin(after: nil) }
    }

    private func isOfThePast(_ known: KnownExchange) -> Bool {
        let trusted = node.certificates.fingerprints(node.certificates.roots("node-ca"))
        return known.exchange.isOfThePast(trusted: trusted, shown: node.authorities.shown)
    }

    // MARK: The leader's steps

    private func step(_ known: KnownExchange) async throws {
        let own = node.authorities.holdings
        let peers = peers()
        let turn = node.peers.turn
        switch known.exchange.next(peers, own: own, turn: turn) {
        case .wait: break
        case .restartMember(let peer):
            guard try await takeTurn(for: peer, after: turn) else { return }
            try await restart(peer, known)
        case .moveLead(let heir): try await moveLead(to: heir)
        case .advance(let phase): try await advance(to: phase)
        case .beginAnew: try await begin(after: known)
        }
    }

    /// Those that this node has asked at all: of many peers only the leader's node asks all.
    func askedPeers() -> [ExchangePeer] {
        let asked = Set(liveness.all.keys)
        return peers().filter { $0.peer == node.own || asked.contains($0.peer) }
    }

    /// Peers as this node sees them.
    private func peers() -> [ExchangePeer] {
        let members = node.peers.members.members
        return node.peers.peers.values.map { peer in
            let isOwn = peer.id == node.own
            let seen = liveness.of(peer.id)
            let member = members.first { $0.peer == peer.id }
            let role: ExchangePeer.Role =
                member.map { member in
                    let isHealthy = membership.isServing(peer.id, member.id)
                    return member.isLearner
                        ? .learner(isHealthy: isHealthy)
                        : .voter(isHealthy: isHealthy, isLeader: isOwn && membership.leads)
                } ?? .client
            return ExchangePeer(
                peer: peer.id, name: peer.name, isReachable: isOwn || seen.isReachable, role: role,
                holdings: isOwn ? node.authorities.holdings : seen.holdings)
        }
    }

    /// Whether the member of `peer` may be started anew: false when another leader has given the
    /// turn to somebody else meanwhile.
    private func takeTurn(for peer: PeerID, after last: PeerID?) async throws -> Bool {
        if peer == last { return true }
        let found = try await store.get(keys.memberTurn)
        let known = try found.map {
            try RecordCoding.decode(StoredMemberTurn.self, from: $0.value).peer
        }
        guard known == last else { return false }
        let result = try await store.txn(
            if: [Self.unchanged(keys.memberTurn, found)],
            then: [
                .put(
                    key: keys.memberTurn,
                    value: RecordCoding.encode(StoredMemberTurn(peer: peer)))
            ])
        guard result.succeeded else { return false }
        try await node.waitForOwnMirror(result.revision)
        return true
    }

    private static func unchanged(_ key: String, _ found: KeyValue?) -> Compare {
        found.map { .modRevision(key: key, equals: $0.modRevision) }
            ?? .createRevision(key: key, equals: 0)
    }

    private func restart(_ peer: PeerID, _ known: KnownExchange) async throws {
        let trusted =
            known.phase == .trusting
            ? known.exchange.oldMember.union([known.exchange.new.member])
            : [known.exchange.new.member]
        guard peer != node.own else { return try await node.role.restart(trusting: trusted) }
        guard let other = node.peers.peer(peer) else { return }
        liveness.memberEnds(peer)
        _ = try await node.connections.node(other).restartMember(
            .with { $0.trusted = trusted.sorted() },
            options: NodeConnections.options(Limits.memberChange * 2))
    }

    private func moveLead(to heir: PeerID) async throws {
        guard let member = node.peers.members.members.first(where: { $0.peer == heir }) else {
            return
        }
        var options = EtcdConnection.options
        options.timeout = Limits.memberChange
        _ = try await etcd.maintenance.moveLeader(
            .with { $0.targetID = member.id }, options: options)
    }

    private func advance(to phase: ExchangePhase) async throws {
        guard let found = try await store.get(keys.authorities) else { return }
        var record = try RecordCoding.decode(StoredAuthorityExchange.self, from: found.value)
        // Somebody else led in between.
        guard record == node.peers.exchange else { return }
        record.phase = phase
        if phase == .done { record.ended = Int64(Date().timeIntervalSince1970) }
        let result = try await store.txn(
            if: [.modRevision(key: keys.authorities, equals: found.modRevision)],
            then: [
                .put(
                    key: keys.authorities,
                    value: RecordCoding.encode(record, updating: found.value)),
                .delete(key: keys.memberTurn),
            ])
        guard result.succeeded else { return }
        node.log.notice("exchange of authorities", metadata: ["phase": "\(phase.rawValue)"])
        try await node.waitForOwnMirror(result.revision)
    }

    /// Makes the new authorities; `running` is an exchange whose keys no voter has any more.
    private func begin(after running: KnownExchange?) async throws {
        let found = try await store.get(keys.authorities)
        let record = try found.map {
            try RecordCoding.decode(StoredAuthorityExchange.self, from: $0.value)
        }
        guard record == node.peers.exchange else { return }
        let certificates = node.certificates
        // While nobody has shown a certificate of them, those of the last attempt count for
        // nothing.
        let hasShown = running.map { $0.phase != .trusting } ?? false
        let lost = running.flatMap { hasShown ? $0.new : nil }
        let lostNames = running.map {
            hasShown ? [] : [$0.exchange.new.node, $0.exchange.new.member]
        }
        let old = try Self.texts(
            certificates.roots("node-ca"),
            (running?.old.node ?? []) + (lost.map { [$0.node] } ?? []),
            without: Set(lostNames ?? []))
        let oldMember = try Self.texts(
            certificates.roots("peer-ca"),
            (running?.old.member ?? []) + (lost.map { [$0.member] } ?? []),
            without: Set(lostNames ?? []))
        let now = Date()
        let next = StoredAuthorityExchange(
            phase: .trusting, began: Int64(now.timeIntervalSince1970),
            old: .init(node: old, member: oldMember), new: try certificates.makeNext(now: now))
        try await revocation.holders.give(to: node.own)
        let result = try await store.txn(
            if: [Self.unchanged(keys.authorities, found)],
            then: [
                .put(key: keys.authorities, value: RecordCoding.encode(next)),
                .delete(key: keys.authorityWish), .delete(key: keys.memberTurn),
            ])
        guard result.succeeded else { return try certificates.dropNext() }
        node.log.notice("exchange of authorities", metadata: ["phase": "trusting"])
        try await node.waitForOwnMirror(result.revision)
    }

    private static func texts(
        _ trusted: [Certificate], _ more: [Certificate], without gone: Set<String>
    ) throws -> [String] {
        var all: [Certificate] = []
        for root in trusted + more where !all.contains(root) {
            if try gone.contains(CertificateChain.fingerprint(of: root)) { continue }
            all.append(root)
        }
        return try all.map { try $0.serializeAsPEM().pemString }
    }
}
