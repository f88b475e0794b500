/// `POST /v1/volumes/{volume}/replacebrick`. GD2's fields; not in GD2: `dst-peerid` and
/// `dst-brickpath`, which it had a planner for, and `fence`.
public struct ReplaceBrickReq: Hashable, Sendable, Codable {
    /// The brick that goes: its peer by id, name or address, and its path.
    public var oldPeer: String
    public var oldPath: String
    /// Where the new one is to be.
    public var newPeer: String?
    public var newPath: String?
    /// What the flags allow, and two bricks of a set on one host.
    public var force: Bool?
    public var flags: [String: Bool]?
    /// Peers, by id, name or address, of which the caller says that no client gets anything from
    /// them before they have seen the change.
    public var fence: [String]?

    public init(oldPeer: String, oldPath: String, newPeer: String?, newPath: String?) {
        self.oldPeer = oldPeer
        self.oldPath = oldPath
        self.newPeer = newPeer
        self.newPath = newPath
    }

    enum CodingKeys: String, CodingKey {
        case force, flags, fence
        case oldPeer = "src-peerid"
        case oldPath = "src-brickpath"
        case newPeer = "dst-peerid"
        case newPath = "dst-brickpath"
    }
}

/// That a volume was changed though a peer was out of reach, which it has not seen yet.
public struct FenceInfo: Hashable, Sendable, Codable {
    public var volume: String
    public var volumeID: String
    /// Of the volume's topology; the peer has to have seen it, or a later one.
    public var generation: Int
    /// Who said that no client gets anything from the peer, and the job that made the change.
    public var by: String
    public var job: String
    /// Time in UTC (RFC 3339).
    public var since: String

    public init(
        volume: String, volumeID: String, generation: Int, by: String, job: String, since: String
    ) {
        self.volume = volume
        self.volumeID = volumeID
        self.generation = generation
        self.by = by
        self.job = job
        self.since = since
    }

    enum CodingKeys: String, CodingKey {
        case volume, generation, by, job, since
        case volumeID = "volume-id"
    }
}
