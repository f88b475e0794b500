public import GlusterModel

/// What a peer lacks of a phase.
public struct Lack: Hashable, Sendable {
    public enum What: Hashable, Sendable {
        case unreachable
        /// Its gd2-store does not say what it has: it is of an older version, or it has just begun.
        case unreported
        case trust
        case certificate
        case keys
        /// Its etcd does not run.
        case member
        /// Its etcd has to be started anew.
        case restart
        case memberCertificate
        /// It still trusts the old authority, or has its key.
        case retirement
    }

    public var peer: PeerID
    public var name: String
    public var what: What
}

/// What is done next by the node whose etcd leads.
public enum ExchangeStep: Hashable, Sendable {
    case wait
    /// A member reads its trusted authorities only when it starts.
    case restartMember(PeerID)
    /// Before the leader's own member is started anew, or to one that has the new keys.
    case moveLead(to: PeerID)
    case advance(to: ExchangePhase)
    /// No voter has the keys of the new authorities any more: others are made.
    case beginAnew
}

/// An exchange of both authorities: which step is next, decided from what the peers report.
public struct AuthorityExchange: Hashable, Sendable {
    public var phase: ExchangePhase
    /// Those that were trusted before; several after an exchange that began anew.
    public var oldNode: Set<String>
    public var oldMember: Set<String>
    public var new: AuthorityNames

    public init(
        phase: ExchangePhase, oldNode: Set<String>, oldMember: Set<String>, new: AuthorityNames
    ) {
        self.phase = phase
        self.oldNode = oldNode
        self.oldMember = oldMember
        self.new = new
    }

    /// The next step. `own` is what the steering node has itself; `turn` the peer whose member was
    /// the last to be started anew in this phase, or is to be, as the store has it.
    public func next(
        _ peers: [ExchangePeer], own: Holdings, turn: PeerID?
    ) -> ExchangeStep {
        guard phase != .done else { return .wait }
        guard hasNewKeys(own) else { return withoutKeys(peers) }
        let lacking = lacks(peers)
        if lacking.isEmpty { return .advance(to: phase.next) }
        return restart(peers, lacking, turn)
    }

    /// Whether a node that trusts `trusted` on TCP 24008, and shows a certificate of `shown`, has
    /// seen a later exchange than this one: the store was restored to what it was before that.
    /// Whoever followed it would trust authorities whose keys nobody has, and no other.
    public func isOfThePast(trusted: Set<String>, shown: String) -> Bool {
        let known = oldNode.union([new.node])
        // In one that runs, authorities come and go that were never used.
        return phase == .done
            ? !trusted.isSubset(of: known) : !shown.isEmpty && !known.contains(shown)
    }

    private var newKeys: Set<String> { [new.node, new.member] }

    private func hasNewKeys(_ has: Holdings) -> Bool {
        has.keys.union(has.nextKeys).isSuperset(of: newKeys)
    }

    /// Who made the keys may have lost the lead before it gave them to others, or be away.
    private func withoutKeys(_ peers: [ExchangePeer]) -> ExchangeStep {
        let others = peers.filter { $0.isVoter && !$0.isLeader }.sorted { $0.peer < $1.peer }
        if let heir = others.first(where: { $0.isHealthy && ($0.holdings.map(hasNewKeys) ?? false) }
        ) {
            return .moveLead(to: heir.peer)
        }
        let mayHave = others.contains { peer in
            guard peer.isReachable, let has = peer.holdings else { return true }
            return hasNewKeys(has)
        }
        return mayHave ? .wait : .beginAnew
    }

    // MARK: Members

    /// One at a time, and only while every voter serves. The leader comes last, and gives its lead
    /// away first where somebody can take it. Another leader may have begun with a member that is
    /// not seen to have been ended yet: as long as that one lacks something it is its turn.
    private func restart(
        _ peers: [ExchangePeer], _ lacking: [Lack], _ turn: PeerID?
    ) -> ExchangeStep {
        let due = Set(lacking.filter { $0.what == .restart }.map(\.peer))
        let members = peers.filter(\.isMember).sorted { $0.peer < $1.peer }
        guard !due.isEmpty, members.filter(\.isVoter).allSatisfy(\.isHealthy) else {
            return .wait
        }
        let inTurn = turn.map { due.contains($0) ? [$0] : due } ?? due
        let ranked = members.filter { inTurn.contains($0.peer) }.sorted { left, right in
            (rank(left), left.peer) < (rank(right), right.peer)
        }
        guard let first = ranked.first else { return .wait }
        let others = members.filter { $0.isVoter && $0.peer != first.peer }
        guard first.isLeader, !others.isEmpty else { return .restartMember(first.peer) }
        let heir = others.first { $0.holdings.map(hasNewKeys) ?? false }
        return heir.map { .moveLead(to: $0.peer) } ?? .wait
    }

    private func rank(_ peer: ExchangePeer) -> Int {
        peer.isLeader ? 2 : peer.isVoter ? 1 : 0
    }

    // MARK: What is missing

    /// At most one a peer, in the order of names.
    public func lacks(_ peers: [ExchangePeer]) -> [Lack] {
        peers.compactMap { peer in
            lack(peer).map { Lack(peer: peer.peer, name: peer.name, what: $0) }
        }.sorted { ($0.name, $0.peer) < ($1.name, $1.peer) }
    }

    private func lack(_ peer: ExchangePeer) -> Lack.What? {
        if phase == .done { return nil }
        guard peer.isReachable else { return .unreachable }
        guard let has = peer.holdings else { return .unreported }
        switch phase {
        case .trusting: return lackOfTrust(peer, has)
        case .issuing: return lackOfCertificates(peer, has)
        case .retiring: return lackOfRetirement(peer, has)
        case .done: return nil
        }
    }

    private func lackOfTrust(_ peer: ExchangePeer, _ has: Holdings) -> Lack.What? {
        guard has.node.trusted.isSuperset(of: oldNode.union([new.node])) else { return .trust }
        guard peer.isMember else { return nil }
        guard has.keys.union(has.nextKeys).isSuperset(of: newKeys) else { return .keys }
        guard peer.isHealthy, let member = has.member else { return .member }
        return member.trusted.isSuperset(of: oldMember.union([new.member])) ? nil : .restart
    }

    private func lackOfCertificates(_ peer: ExchangePeer, _ has: Holdings) -> Lack.What? {
        guard has.node.shown == new.node else { return .certificate }
        guard peer.isMember else { return nil }
        guard has.keys == newKeys else { return .keys }
        guard peer.isHealthy, let member = has.member else { return .member }
        return member.shown == new.member ? nil : .memberCertificate
    }

    private func lackOfRetirement(_ peer: ExchangePeer, _ has: Holdings) -> Lack.What? {
        guard has.node.trusted == [new.node], has.nextKeys.isEmpty, has.keys.isSubset(of: newKeys)
        else { return .retirement }
        guard peer.isMember else { return nil }
        guard has.keys == newKeys else { return .keys }
        guard peer.isHealthy, let member = has.member else { return .member }
        return member.trusted == [new.member] ? nil : .restart
    }
}
