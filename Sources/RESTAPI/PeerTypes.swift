/// A node, as `GET /v1/peers` lists it: GD2's fields, and from `role` on our own, which are nil
/// where nothing is known.
public struct PeerInfo: Hashable, Sendable, Codable {
    public var id: String
    public var name: String
    public var peerAddresses: [String]
    public var clientAddresses: [String]
    public var online: Bool
    public var pid: Int?
    public var metadata: [String: String]
    /// `voter`, `learner` or `client` of the store's Raft engine.
    public var role: String?
    /// Whether it answered this node's last probe.
    public var reachable: Bool?
    /// Its clock minus that of the node that was asked.
    public var clockSkewMs: Int64?
    /// Since its last answer to that node.
    public var heardSecondsAgo: Int64?
    /// Why it does not answer.
    public var message: String?
    /// Of its gd2-store.
    public var version: String?
    public var zone: String?
    /// True for the node that was asked.
    public var isSelf: Bool?
    /// What it does as soon as it is back; nil: nothing.
    public var leftToClean: [LeftToCleanInfo]?
    /// Volumes that were changed without it, which it has not seen yet; nil: none.
    public var fences: [FenceInfo]?

    public init(
        id: String, name: String, peerAddresses: [String], clientAddresses: [String], online: Bool,
        metadata: [String: String]
    ) {
        self.id = id
        self.name = name
        self.peerAddresses = peerAddresses
        self.clientAddresses = clientAddresses
        self.online = online
        self.metadata = metadata
    }

    enum CodingKeys: String, CodingKey {
        case id, name, online, pid, metadata, role, reachable, message, version, zone, fences
        case peerAddresses = "peer-addresses"
        case clientAddresses = "client-addresses"
        case clockSkewMs = "clock-skew-ms"
        case heardSecondsAgo = "heard-seconds-ago"
        case isSelf = "self"
        case leftToClean = "left-to-clean"
    }
}

/// Bricks whose marks a node has to take away: it was away when their volume was deleted, or its
/// creation was undone.
public struct LeftToCleanInfo: Hashable, Sendable, Codable {
    public var volume: String
    public var volumeID: String
    /// The job that left it.
    public var job: String
    public var bricks: [String]
    /// Time in UTC (RFC 3339).
    public var since: String?

    public init(volume: String, volumeID: String, job: String, bricks: [String], since: String?) {
        self.volume = volume
        self.volumeID = volumeID
        self.job = job
        self.bricks = bricks
        self.since = since
    }

    enum CodingKeys: String, CodingKey {
        case volume, job, bricks, since
        case volumeID = "volume-id"
    }
}

/// The key of a peer's metadata that has its zone (GD2's).
public let zoneMetadataKey = "_zone"

/// `POST /v1/peers`. Not in GD2: `code`, and addresses after the first are kept.
public struct PeerAddReq: Hashable, Sendable, Codable {
    /// Host names or addresses of the node, best first; `HOST` or `HOST:PORT`.
    public var addresses: [String]?
    public var zone: String?
    public var metadata: [String: String]?
    /// The pairing code that the node shows.
    public var code: String?

    public init(addresses: [String]) { self.addresses = addresses }
}

/// `POST /v1/peers/{peer}`: what is absent stays as it is. Not in GD2: `name`, `addresses` and
/// `remove-metadata`.
public struct PeerEditReq: Hashable, Sendable, Codable {
    public var zone: String?
    /// Added to what is there.
    public var metadata: [String: String]?
    public var name: String?
    /// All of them, best first.
    public var addresses: [String]?
    /// Keys.
    public var removeMetadata: [String]?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case zone, metadata, name, addresses
        case removeMetadata = "remove-metadata"
    }
}

/// A join token without its secret: an element of `GET /v1/peers/tokens`.
public struct TokenInfo: Hashable, Sendable, Codable {
    public var id: String
    /// Seconds since 1970, as ``expires``.
    public var created: Int64
    public var expires: Int64
    public var usesLeft: Int

    public init(id: String, created: Int64, expires: Int64, usesLeft: Int) {
        self.id = id
        self.created = created
        self.expires = expires
        self.usesLeft = usesLeft
    }

    enum CodingKeys: String, CodingKey {
        case id, created, expires
        case usesLeft = "uses-left"
    }
}

/// `POST /v1/peers/tokens`; what is absent is an hour and one use.
public struct TokenCreateReq: Hashable, Sendable, Codable {
    public var validSeconds: Int?
    public var uses: Int?

    public init(validSeconds: Int? = nil, uses: Int? = nil) {
        self.validSeconds = validSeconds
        self.uses = uses
    }

    enum CodingKeys: String, CodingKey {
        case uses
        case validSeconds = "valid-seconds"
    }
}

/// What `POST /v1/peers/tokens` made.
public struct TokenCreated: Hashable, Sendable, Codable {
    public var info: TokenInfo
    /// What a node joins with; told only now.
    public var token: String
    /// The whole line to run on the new node.
    public var command: String

    public init(info: TokenInfo, token: String) {
        self.info = info
        self.token = token
        command = "glustercli peer join \(token)"
    }
}

/// `POST /v1/peers/pair`, asked of the node that is to be added; may be absent.
public struct PairReq: Hashable, Sendable, Codable {
    /// An hour when absent.
    public var validSeconds: Int?

    public init(validSeconds: Int? = nil) { self.validSeconds = validSeconds }

    enum CodingKeys: String, CodingKey { case validSeconds = "valid-seconds" }
}

/// What `POST /v1/peers/pair` made.
public struct PairInfo: Hashable, Sendable, Codable {
    public var code: String
    /// Seconds since 1970.
    public var expires: Int64
    /// The whole line to run on a node of the cluster.
    public var command: String

    public init(code: String, expires: Int64, host: String) {
        self.code = code
        self.expires = expires
        command = "glustercli peer add \(host) --code \(code)"
    }
}

/// What was done.
public struct OutcomeInfo: Hashable, Sendable, Codable {
    public var message: String

    public init(message: String) { self.message = message }
}
