public import AuthorityExchange
public import GlusterModel

/// `cluster/authorities`: the exchange that runs, or the last one. Certificates only, no keys.
public struct StoredAuthorityExchange: Hashable, Sendable, Codable {
    /// Certificates in PEM.
    public struct Authorities: Hashable, Sendable, Codable {
        /// For TCP 24008.
        public var node: [String]
        /// For etcd's members.
        public var member: [String]

        public init(node: [String], member: [String]) {
            self.node = node
            self.member = member
        }
    }

    public var schema = 1
    public var phase: ExchangePhase
    /// Seconds since 1970.
    public var began: Int64
    public var ended: Int64?
    /// Those that were trusted before.
    public var old: Authorities
    /// One each.
    public var new: Authorities

    public init(phase: ExchangePhase, began: Int64, old: Authorities, new: Authorities) {
        self.phase = phase
        self.began = began
        self.old = old
        self.new = new
    }
}

/// `cluster/member-turn`: the one member that may be started anew now, whoever leads. The turn
/// passes on by compare-and-set when this one serves with what the phase wants.
public struct StoredMemberTurn: Hashable, Sendable, Codable {
    public var schema = 1
    public var peer: PeerID

    public init(peer: PeerID) { self.peer = peer }
}

/// `cluster/authority-wish`.
public struct StoredAuthorityWish: Hashable, Sendable, Codable {
    public var schema = 1
    /// Seconds since 1970.
    public var asked: Int64

    public init(asked: Int64) { self.asked = asked }
}

/// `cluster/key-holders/<peer>`: the authorities, by fingerprint, of which a peer was given keys.
public struct StoredKeyHolder: Hashable, Sendable, Codable {
    public var schema = 1
    public var epoch: Epoch
    public var authorities: [String]

    public init(_ holder: KeyHolder) {
        epoch = holder.epoch
        authorities = holder.authorities.sorted()
    }

    public var holder: KeyHolder { KeyHolder(epoch: epoch, authorities: Set(authorities)) }
}

/// `cluster/removed-holders/<peer>`.
public struct StoredRemovedHolder: Hashable, Sendable, Codable {
    public var schema = 1
    public var name: String
    /// Seconds since 1970.
    public var removed: Int64
    public var authorities: [String]

    public init(name: String, removed: Int64, authorities: Set<String>) {
        self.name = name
        self.removed = removed
        self.authorities = authorities.sorted()
    }
}
