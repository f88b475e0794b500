/// `POST /v1/volumes`. A field that is absent is nil; unknown fields are ignored, as in GD2.
public struct VolCreateReq: Hashable, Sendable, Codable {
    public var name: String
    /// `tcp`, also when absent.
    public var transport: String?
    public var subvols: [SubvolReq]?
    public var force: Bool?
    /// `HOST:/PATH`, for volumes of two copies without arbiter. Not in GD2, which has an option.
    public var thinArbiter: String?
    public var metadata: [String: String]?
    /// `reuse-bricks`, `allow-root-dir`, `allow-mount-as-brick`, `create-brick-dir`.
    public var flags: [String: Bool]?
    public var options: [String: String]?
    public var allowAdvancedOptions: Bool?
    public var allowExperimentalOptions: Bool?
    public var allowDeprecatedOptions: Bool?
    /// Bytes of a volume whose bricks are to be made; refused for now.
    public var size: UInt64?

    public init(name: String, subvols: [SubvolReq]) {
        self.name = name
        self.subvols = subvols
    }

    enum CodingKeys: String, CodingKey {
        case name, transport, subvols, force, metadata, flags, options, size
        case thinArbiter = "thin-arbiter"
        case allowAdvancedOptions = "allow-advanced-options"
        case allowExperimentalOptions = "allow-experimental-options"
        case allowDeprecatedOptions = "allow-deprecated-options"
    }
}

/// One subvolume of a ``VolCreateReq``.
public struct SubvolReq: Hashable, Sendable, Codable {
    /// `distribute`, `replicate` or `disperse`.
    public var type: String
    public var bricks: [BrickReq]
    /// Copies of the data; the arbiter is not one of them (GD2's meaning).
    public var replica: Int?
    public var arbiter: Int?
    public var disperseCount: Int?
    public var disperseData: Int?
    public var disperseRedundancy: Int?

    public init(type: String, bricks: [BrickReq]) {
        self.type = type
        self.bricks = bricks
    }

    enum CodingKeys: String, CodingKey {
        case type, bricks, replica, arbiter
        case disperseCount = "disperse-count"
        case disperseData = "disperse-data"
        case disperseRedundancy = "disperse-redundancy"
    }
}

public struct BrickReq: Hashable, Sendable, Codable {
    /// `brick` (also when absent or empty) or `arbiter`.
    public var type: String?
    public var peerid: String
    public var path: String

    public init(peerid: String, path: String, type: String? = nil) {
        self.peerid = peerid
        self.path = path
        self.type = type
    }
}

/// Optional body of `POST /v1/volumes/{name}/start`.
public struct VolumeStartReq: Hashable, Sendable, Codable {
    public var forceStartBricks: Bool?

    public init(forceStartBricks: Bool? = nil) { self.forceStartBricks = forceStartBricks }

    enum CodingKeys: String, CodingKey { case forceStartBricks = "force-start-bricks" }
}

/// Not in GD2: the optional body of `POST /v1/volumes/{name}/stop`.
public struct VolumeStopReq: Hashable, Sendable, Codable {
    public var force: Bool?

    public init(force: Bool? = nil) { self.force = force }
}
