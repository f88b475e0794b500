import AuthorityExchange
import FoundationEssentials
import GlusterModel
import StoreAPI
import StoreSchema

/// Which peers have had keys of the authorities, as the store keeps it: written by the leader's
/// node, before it gives keys to anybody.
struct KeyHolders: Sendable {
    let node: NodeParts
    let store: UpstreamStore

    private var keys: StoreKeys { node.state.identity.store.keys }
    private var epoch: Epoch { node.state.identity.epoch }
    var isExternal: Bool { node.isExternal || node.state.identity.externalEtcd != nil }

    /// While older programs are there one of them may lead, and gives keys without a word. Until
    /// then nothing certain is known of anybody.
    var isOpen: Bool {
        let gate = FeatureGate.authorityExchange.schema
        return min(node.schema.present ?? 0, node.schema.build.newest) >= gate
    }

    /// Authorities whose keys open something now, or will when an exchange has begun.
    var current: Set<String> {
        get throws {
            let held = node.certificates.heldKeys
            return try trusted.union(held.now).union(held.next)
        }
    }

    /// Whom the peers trust.
    var trusted: Set<String> {
        get throws {
            guard let known = try node.peers.exchange.map(KnownExchange.init) else {
                return ["node-ca", "peer-ca"].reduce(into: []) { all, name in
                    all.formUnion(node.certificates.fingerprints(node.certificates.roots(name)))
                }
            }
            let new = Set([known.exchange.new.node, known.exchange.new.member])
            guard known.phase != .done else { return new }
            return new.union(known.exchange.oldNode).union(known.exchange.oldMember)
        }
    }

    /// As this node's view has it.
    func had(by peer: PeerID) throws -> Set<String> {
        try KeyHolder.had(node.peers.holders[peer], in: epoch, of: current)
    }

    // MARK: Writing it down

    /// Before `peer` is given the keys that this node has.
    func give(to peer: PeerID) async throws {
        guard isOpen else { return }
        let held = node.certificates.heldKeys
        let keys = held.now.union(held.next)
        guard KeyHolder.next(node.peers.holders[peer], keys: keys, in: epoch, retired: []) != nil
        else { return }
        try await note(peer, keys, retired: [])
    }

    /// Adds what peers say that they have, so that of each something certain is known.
    func take(_ said: [PeerID: Set<String>]) async throws {
        guard isOpen else { return }
        let retired = try retired
        let known = node.peers.holders
        let news = said.filter { peer, keys in
            KeyHolder.next(known[peer], keys: keys, in: epoch, retired: retired) != nil
        }
        for (peer, keys) in news.prefix(Limits.holdersNoted) {
            try await note(peer, keys, retired: retired)
        }
    }

    /// Those that the last exchange replaced.
    private var retired: Set<String> {
        get throws {
            guard let known = try node.peers.exchange.map(KnownExchange.init),
                known.phase == .done
            else { return [] }
            let new = [known.exchange.new.node, known.exchange.new.member]
            return known.exchange.oldNode.union(known.exchange.oldMember).subtracting(new)
        }
    }

    private func note(_ peer: PeerID, _ has: Set<String>, retired: Set<String>) async throws {
        let key = keys.keyHolder(peer)
        guard let record = try await store.get(keys.peer(peer)) else { return }
        let found = try await store.get(key)
        // What cannot be read is not certain.
        let known = found.flatMap {
            try? RecordCoding.decode(StoredKeyHolder.self, from: $0.value).holder
        }
        guard let next = KeyHolder.next(known, keys: has, in: epoch, retired: retired) else {
            return
        }
        let result = try await store.txn(
            if: [
                .modRevision(key: key, equals: found?.modRevision ?? 0),
                // One that is removed meanwhile leaves nothing.
                .createRevision(key: keys.peer(peer), equals: record.createRevision),
            ],
            then: [.put(key: key, value: RecordCoding.encode(StoredKeyHolder(next)))])
        guard result.succeeded else { throw StoreServiceError.holderChanged(peer) }
        try await node.waitForOwnMirror(result.revision)
    }

    // MARK: Removal

    /// What the Txn that removes `peer` compares and writes of its keys.
    func removal(
        of peer: PeerID, name: String
    ) async throws -> (unchanged: Compare, operations: [StoreAPI.Operation]) {
        let key = keys.keyHolder(peer)
        let found = try await store.get(key)
        let unchanged = Compare.modRevision(key: key, equals: found?.modRevision ?? 0)
        let forgotten = StoreAPI.Operation.delete(key: key)
        // Of an external etcd nobody is a member, and nothing is exchanged.
        guard !isExternal else { return (unchanged, [forgotten]) }
        let known = found.flatMap {
            try? RecordCoding.decode(StoredKeyHolder.self, from: $0.value).holder
        }
        let had = try KeyHolder.had(known, in: epoch, of: current)
        // It may have been removed before, and have come back.
        let before = try await store.get(keys.removedHolder(peer)).map {
            try RecordCoding.decode(StoredRemovedHolder.self, from: $0.value).authorities
        }
        guard !had.isEmpty else { return (unchanged, [forgotten]) }
        let record = StoredRemovedHolder(
            name: name, removed: Int64(Date().timeIntervalSince1970),
            authorities: had.union(before ?? []))
        let value = try RecordCoding.encode(record)
        return (unchanged, [forgotten, .put(key: keys.removedHolder(peer), value: value)])
    }
}
