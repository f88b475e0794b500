public import GlusterModel

/// Authorities whose keys a peer was given, by fingerprint, as it is written down before it gets
/// them. Nothing is crossed out when a peer drops them: a copy of its disk has them still.
public struct KeyHolder: Hashable, Sendable {
    /// In which it was written down last. A store that was restored may have forgotten what came
    /// after.
    public var epoch: Epoch
    public var authorities: Set<String>

    public init(epoch: Epoch, authorities: Set<String>) {
        self.epoch = epoch
        self.authorities = authorities
    }

    /// Of `all` authorities that count now, those whose keys a peer may have. One of which nothing
    /// certain is written down may have all.
    public static func had(_ known: KeyHolder?, in epoch: Epoch, of all: Set<String>) -> Set<String>
    {
        guard let known, known.epoch == epoch else { return all }
        return known.authorities.intersection(all)
    }

    /// What to write down instead of `known` of a peer that has `keys`; nil: it stands there.
    /// `retired` are authorities that nobody trusts any more.
    public static func next(
        _ known: KeyHolder?, keys: Set<String>, in epoch: Epoch, retired: Set<String>
    ) -> KeyHolder? {
        let all = keys.union(known?.authorities ?? []).subtracting(retired.subtracting(keys))
        let next = KeyHolder(epoch: epoch, authorities: all)
        return next == known ? nil : next
    }
}

/// A peer that was removed and has had keys of authorities.
public struct RemovedHolder: Hashable, Sendable {
    public var peer: PeerID
    public var authorities: Set<String>

    public init(peer: PeerID, authorities: Set<String>) {
        self.peer = peer
        self.authorities = authorities
    }
}

/// What the leader's node does about removed peers that have had keys of the authorities.
public enum RevocationStep: Hashable, Sendable {
    case nothing
    /// The keys of these open nothing any more.
    case forget(Set<PeerID>)
    case wait(RevocationWait)
    /// To exchange the authorities.
    case begin
}

public enum RevocationWait: Hashable, Sendable {
    /// An exchange runs. One that began before the removal may have given the peer its keys, so it
    /// is looked at again afterwards.
    case exchange
    /// Programs of older versions would not follow one.
    case olderPrograms
    /// Members are changed, or peers removed, just now.
    case members
    /// So that several removals make one exchange.
    case moment(Duration)
}

/// When the authorities are exchanged by themselves, because removed peers have had their keys.
public struct Revocation: Hashable, Sendable {
    public var removed: [RemovedHolder]
    /// Whom the peers trust: of an exchange that runs the old and the new ones.
    public var trusted: Set<String>
    /// Whether an exchange runs, or is asked for.
    public var isExchanging = false
    /// Whether all programs follow an exchange.
    public var isOpen = true
    /// Whether the members are as they should be, or nothing can be done about it now.
    public var isSettled = true
    /// For how long it has been so, and no peer was removed.
    public var quiet: Duration

    public init(removed: [RemovedHolder], trusted: Set<String>, quiet: Duration) {
        self.removed = removed
        self.trusted = trusted
        self.quiet = quiet
    }

    public func next(after delay: Duration) -> RevocationStep {
        guard !removed.isEmpty else { return .nothing }
        guard !isExchanging else { return .wait(.exchange) }
        let over = removed.filter { $0.authorities.isDisjoint(with: trusted) }
        guard over.isEmpty else { return .forget(Set(over.map(\.peer))) }
        guard isOpen else { return .wait(.olderPrograms) }
        guard isSettled else { return .wait(.members) }
        guard quiet >= delay else { return .wait(.moment(delay - quiet)) }
        return .begin
    }
}
