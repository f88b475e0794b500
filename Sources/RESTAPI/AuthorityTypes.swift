/// `GET /v1/cluster/authorities`: who signs the cluster's certificates, as the asked node knows it.
public struct AuthoritiesInfo: Hashable, Sendable, Codable {
    /// Those that it trusts; two of each use while they are exchanged.
    public var authorities: [AuthorityInfo]
    /// The exchange that runs, or was last.
    public var exchange: AuthorityExchangeInfo?
    /// Removed peers whose keys of the authorities still open something; nil: there are none.
    public var removed: [RemovedHolderInfo]?

    public init(
        authorities: [AuthorityInfo], exchange: AuthorityExchangeInfo? = nil,
        removed: [RemovedHolderInfo]? = nil
    ) {
        self.authorities = authorities
        self.exchange = exchange
        self.removed = removed
    }
}

public struct AuthorityInfo: Hashable, Sendable, Codable {
    /// `nodes`: TCP 24008. `members`: etcd's TCP 2380, on nodes that run one.
    public var use: String
    /// Hexadecimal SHA-256 of its certificate.
    public var fingerprint: String
    /// Seconds since 1970.
    public var expires: Int64
    /// Whether the asked node's own certificate is of it.
    public var signs: Bool

    public init(use: String, fingerprint: String, expires: Int64, signs: Bool) {
        self.use = use
        self.fingerprint = fingerprint
        self.expires = expires
        self.signs = signs
    }
}

public struct AuthorityExchangeInfo: Hashable, Sendable, Codable {
    /// `asked`, `trusting`, `issuing`, `retiring` or `done`.
    public var phase: String
    /// Seconds since 1970.
    public var began: Int64
    public var ended: Int64?
    /// What the next phase waits for.
    public var lacking: [AuthorityLackInfo]

    public init(phase: String, began: Int64, ended: Int64?, lacking: [AuthorityLackInfo]) {
        self.phase = phase
        self.began = began
        self.ended = ended
        self.lacking = lacking
    }

    public var isRunning: Bool { phase != "done" }
}

public struct AuthorityLackInfo: Hashable, Sendable, Codable {
    public var peerID: String
    public var name: String
    /// What the peer lacks, and what to do where it does not come by itself.
    public var message: String

    public init(peerID: String, name: String, message: String) {
        self.peerID = peerID
        self.name = name
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case name, message
        case peerID = "peer-id"
    }
}

/// A removed peer that has had the keys of the cluster's authorities, which are exchanged for it.
public struct RemovedHolderInfo: Hashable, Sendable, Codable {
    public var peerID: String
    public var name: String
    /// Seconds since 1970.
    public var removed: Int64
    /// What the end of it waits for.
    public var message: String

    public init(peerID: String, name: String, removed: Int64, message: String) {
        self.peerID = peerID
        self.name = name
        self.removed = removed
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case name, removed, message
        case peerID = "peer-id"
    }
}
