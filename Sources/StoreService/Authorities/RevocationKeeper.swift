import AuthorityExchange
import GlusterModel
import Logging
import StoreAPI
import Synchronization

/// On the leader's node: says when the authorities are to be exchanged because a removed peer has
/// had their keys, and forgets that peer when it is done.
final class RevocationKeeper: Sendable {
    private let node: NodeParts
    private let store: UpstreamStore
    private let liveness: Liveness
    private let membership: MembershipKeeper
    let holders: KeyHolders

    private struct Memory {
        var removed: Set<PeerID> = []
        /// Since when the members are as they should be and nobody was removed.
        var quietSince: ContinuousClock.Instant?
        var wait: RevocationWait?
    }
    private let memory = Mutex(Memory())

    init(
        node: NodeParts, store: UpstreamStore, liveness: Liveness, membership: MembershipKeeper
    ) {
        self.node = node
        self.store = store
        self.liveness = liveness
        self.membership = membership
        holders = KeyHolders(node: node, store: store)
    }

    /// What this node waits for as the leader's; nil: another one leads, or nothing is to be done.
    var wait: RevocationWait? { memory.withLock { $0.wait } }

    /// Another node leads.
    func rest() { memory.withLock { $0 = Memory() } }

    /// True: an exchange is to begin.
    func look() async throws -> Bool {
        let step = try step()
        memory.withLock { memory in
            if case .wait(let wait) = step { memory.wait = wait } else { memory.wait = nil }
        }
        switch step {
        case .nothing, .wait: return false
        case .forget(let peers):
            try await forget(peers)
            return false
        case .begin:
            let names = node.peers.removedHolders.values.map(\.name).sorted()
            node.log.notice(
                "authorities are exchanged after a removal",
                metadata: ["peers": "\(names.joined(separator: ", "))"])
            return true
        }
    }

    private func step() throws -> RevocationStep {
        let stored = node.peers.removedHolders
        guard !stored.isEmpty else {
            rest()
            return .nothing
        }
        let isSettled = membership.isSettled && node.peers.leaving.isEmpty
        let quiet = memory.withLock { memory -> Duration in
            let removed = Set(stored.keys)
            if !isSettled || memory.quietSince == nil || memory.removed != removed {
                memory.quietSince = .now
            }
            memory.removed = removed
            return memory.quietSince.map { .now - $0 } ?? .zero
        }
        var revocation = Revocation(
            removed: stored.map { peer, stored in
                RemovedHolder(peer: peer, authorities: Set(stored.authorities))
            }, trusted: try holders.trusted, quiet: quiet)
        revocation.isExchanging =
            node.peers.wish != nil || node.peers.exchange.map { $0.phase != .done } ?? false
        revocation.isOpen = holders.isOpen
        revocation.isSettled = isSettled
        return revocation.next(after: .seconds(node.configuration.exchangeAfterRemovalSeconds))
    }

    private func forget(_ peers: Set<PeerID>) async throws {
        let keys = node.state.identity.store.keys
        for peer in peers {
            guard let found = try await store.get(keys.removedHolder(peer)) else { continue }
            let stored = try RecordCoding.decode(StoredRemovedHolder.self, from: found.value)
            // It may have come back and have been removed again.
            guard stored == node.peers.removedHolders[peer] else { continue }
            let result = try await store.txn(
                if: [.modRevision(key: found.key, equals: found.modRevision)],
                then: [.delete(key: found.key)])
            guard result.succeeded else { continue }
            node.log.notice(
                "keys of a removed peer open nothing any more",
                metadata: ["peer": "\(stored.name)"])
            try await node.waitForOwnMirror(result.revision)
        }
    }

    /// Writes down who has keys, by what the peers report of themselves.
    func noteHolders() async throws {
        var said: [PeerID: Set<String>] = [:]
        for peer in node.peers.peers.keys {
            let seen = liveness.of(peer)
            let has =
                peer == node.own
                ? node.authorities.holdings : seen.isReachable ? seen.holdings : nil
            guard let has else { continue }
            said[peer] = has.keys.union(has.nextKeys)
        }
        try await holders.take(said)
    }

    // MARK: For an operator

    /// Removed peers whose keys open something still, and what the end of it waits for.
    func removed() throws -> [StoreAuthorities.Removed] {
        guard !holders.isExternal else { return [] }
        let exchange = try node.peers.exchange.map(KnownExchange.init)
        let running = exchange.flatMap { $0.phase == .done ? nil : $0.exchange.new }
        return node.peers.removedHolders.map { peer, stored in
            let isEnough =
                running.map { Set(stored.authorities).isDisjoint(with: [$0.node, $0.member]) }
                ?? true
            return StoreAuthorities.Removed(
                peer: peer, name: stored.name, removed: stored.removed,
                message: text(isRunning: running != nil, isEnough: isEnough))
        }.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) }
    }

    private func text(isRunning: Bool, isEnough: Bool) -> String {
        if isRunning {
            return isEnough
                ? "the authorities are being exchanged"
                : "the exchange that runs had given it new keys: another one follows by itself"
        }
        if node.peers.wish != nil { return "the exchange is asked for, and begins" }
        guard holders.isOpen else {
            return "the authorities are exchanged by themselves when the last program of an older "
                + "version is upgraded (glustercli cluster version)"
        }
        switch wait {
        case .members:
            return "the authorities are exchanged by themselves when the members are settled: "
                + membership.plan
        case .moment(let left):
            return "the authorities are exchanged by themselves in "
                + "\(max(1, left.components.seconds)) s"
        case .exchange, .olderPrograms, nil:
            return "the authorities are exchanged by themselves soon: the node whose etcd leads "
                + "says when (glustercli cluster members)"
        }
    }
}
