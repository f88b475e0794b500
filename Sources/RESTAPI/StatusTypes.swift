/// Bytes of a file system or volume.
public struct SizeInfo: Hashable, Sendable, Codable {
    public var capacity: UInt64
    public var used: UInt64
    public var free: UInt64

    public init(capacity: UInt64 = 0, used: UInt64 = 0, free: UInt64 = 0) {
        self.capacity = capacity
        self.used = used
        self.free = free
    }
}

/// A brick's state: an element of `GET /v1/volumes/{name}/bricks`.
public struct BrickStatus: Hashable, Sendable, Codable {
    public var info: BrickInfo
    public var online: Bool
    /// 0 when there is no process.
    public var pid: Int
    /// 0 when the brick is not online.
    public var port: Int
    public var fsType: String
    public var mountOpts: String
    public var device: String
    public var size: SizeInfo
    /// Why it is not online, where that is known; not in GD2.
    public var message: String?
    /// True when its node's gd2-brickd did not answer: all is as last reported then. Not in GD2.
    public var isStale: Bool?

    public init(info: BrickInfo, online: Bool, pid: Int, port: Int) {
        self.info = info
        self.online = online
        self.pid = pid
        self.port = port
        fsType = ""
        mountOpts = ""
        device = ""
        size = SizeInfo()
    }

    enum CodingKeys: String, CodingKey {
        case info, online, pid, port, device, size, message
        case fsType = "fs-type"
        case mountOpts = "mount-opts"
        case isStale = "stale"
    }
}

/// A GlusterFS process that has a volume's volfile: an element of `GET /v1/volumes/{name}/clients`.
/// Not in GD2.
public struct ClientInfo: Hashable, Sendable, Codable {
    /// Address and port that it asks from, or the local socket.
    public var address: String
    /// What it asked for: a volume's name, a brick's volfile, `shd/VOLUME`.
    public var volfile: String
    /// Whether it is root's on this node.
    public var isTrusted: Bool
    /// The greatest op-version that it knows.
    public var opVersion: Int

    public init(address: String, volfile: String, isTrusted: Bool, opVersion: Int) {
        self.address = address
        self.volfile = volfile
        self.isTrusted = isTrusted
        self.opVersion = opVersion
    }

    enum CodingKeys: String, CodingKey {
        case address, volfile
        case isTrusted = "trusted"
        case opVersion = "op-version"
    }
}

/// `GET /v1/volumes/{name}/status`.
public struct VolumeStatus: Hashable, Sendable, Codable {
    public var info: VolumeInfo
    public var online: Bool
    public var size: SizeInfo
    /// As `GET /v1/volumes/{name}/bricks` lists them. Not in GD2.
    public var bricks: [BrickStatus]?
    /// Nodes that did not answer, whose bricks are shown as last reported. Not in GD2.
    public var missingNodes: [MissingNode]?

    public init(info: VolumeInfo, online: Bool, size: SizeInfo) {
        self.info = info
        self.online = online
        self.size = size
    }

    enum CodingKeys: String, CodingKey {
        case info, online, size, bricks
        case missingNodes = "missing-nodes"
    }
}

/// A node that did not answer in the time of a read.
public struct MissingNode: Hashable, Sendable, Codable {
    public var peerID: String
    public var name: String
    /// Since its last answer, where that is known.
    public var heardSecondsAgo: Int64?
    /// A clause that says what does not answer.
    public var message: String

    public init(peerID: String, name: String, message: String) {
        self.peerID = peerID
        self.name = name
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case name, message
        case peerID = "peer-id"
        case heardSecondsAgo = "heard-seconds-ago"
    }
}

/// `GET /version`.
public struct VersionInfo: Hashable, Sendable, Codable {
    /// Named as in GD2, so that its client reads it.
    public var glusterdVersion: String
    public var apiVersion: Int

    public init(glusterdVersion: String, apiVersion: Int) {
        self.glusterdVersion = glusterdVersion
        self.apiVersion = apiVersion
    }

    enum CodingKeys: String, CodingKey {
        case glusterdVersion = "glusterd-version"
        case apiVersion = "api-version"
    }
}

/// An element of `GET /endpoints`.
public struct Endpoint: Hashable, Sendable, Codable {
    public var name: String
    public var description: String
    public var methods: [String]
    public var path: String
    public var requestType: String
    public var responseType: String

    public init(
        name: String, description: String, methods: [String], path: String, requestType: String,
        responseType: String
    ) {
        self.name = name
        self.description = description
        self.methods = methods
        self.path = path
        self.requestType = requestType
        self.responseType = responseType
    }

    enum CodingKeys: String, CodingKey {
        case name, description, methods, path
        case requestType = "request-type"
        case responseType = "response-type"
    }
}
