public import GlusterModel

/// What one end of TLS trusts and shows, by fingerprints of authorities.
public struct Holding: Hashable, Sendable {
    public var trusted: Set<String>
    /// Who has signed the certificate that it shows; empty: nobody that it trusts.
    public var shown: String

    public init(trusted: Set<String>, shown: String) {
        self.trusted = trusted
        self.shown = shown
    }
}

/// What a node has of the authorities, as it reports itself.
public struct Holdings: Hashable, Sendable {
    /// On TCP 24008.
    public var node: Holding
    /// Of the etcd that runs, on TCP 2380; nil when it runs none.
    public var member: Holding?
    /// The authorities that it can sign with, and those that it is to sign with next: members only.
    public var keys: Set<String>
    public var nextKeys: Set<String>

    public init(
        node: Holding, member: Holding? = nil, keys: Set<String> = [], nextKeys: Set<String> = []
    ) {
        self.node = node
        self.member = member
        self.keys = keys
        self.nextKeys = nextKeys
    }
}

/// A peer as the node that steers the exchange sees it.
public struct ExchangePeer: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// No member of the Raft engine.
        case client
        case learner(isHealthy: Bool)
        case voter(isHealthy: Bool, isLeader: Bool)
    }

    public var peer: PeerID
    public var name: String
    public var isReachable: Bool
    public var role: Role
    /// Nil: it has not reported them.
    public var holdings: Holdings?

    public init(
        peer: PeerID, name: String, isReachable: Bool = true, role: Role, holdings: Holdings?
    ) {
        self.peer = peer
        self.name = name
        self.isReachable = isReachable
        self.role = role
        self.holdings = holdings
    }

    var isMember: Bool { role != .client }

    var isHealthy: Bool {
        switch role {
        case .client: true
        case .learner(let isHealthy), .voter(let isHealthy, _): isHealthy && isReachable
        }
    }

    var isVoter: Bool {
        if case .voter = role { return true }
        return false
    }

    var isLeader: Bool { role == .voter(isHealthy: true, isLeader: true) }
}
