/// What every subvolume of a volume is built of. All subvolumes of a volume are alike.
public enum SubvolumeLayout: Hashable, Sendable {
    /// One brick a subvolume.
    case distribute
    /// `copies` bricks with the data; with `arbiter` one more that holds names and metadata only.
    /// `copies` counts data bricks: GD1's "replica 3 arbiter 1" is `copies: 2, arbiter: true`.
    case replicate(copies: Int, arbiter: Bool)
    /// `bricks` bricks of which any `redundancy` may be lost.
    case disperse(bricks: Int, redundancy: Int)

    /// Bricks a subvolume, arbiter included.
    public var bricksCount: Int {
        switch self {
        case .distribute: 1
        case .replicate(let copies, let arbiter): copies + (arbiter ? 1 : 0)
        case .disperse(let bricks, _): bricks
        }
    }
}

extension SubvolumeLayout: Codable {
    private enum Key: String, CodingKey { case type, copies, arbiter, bricks, redundancy }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch try container.decode(String.self, forKey: .type) {
        case "distribute": self = .distribute
        case "replicate":
            self = .replicate(
                copies: try container.decode(Int.self, forKey: .copies),
                arbiter: try container.decode(Bool.self, forKey: .arbiter))
        case "disperse":
            self = .disperse(
                bricks: try container.decode(Int.self, forKey: .bricks),
                redundancy: try container.decode(Int.self, forKey: .redundancy))
        case let type:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown layout \(type)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .distribute: try container.encode("distribute", forKey: .type)
        case .replicate(let copies, let arbiter):
            try container.encode("replicate", forKey: .type)
            try container.encode(copies, forKey: .copies)
            try container.encode(arbiter, forKey: .arbiter)
        case .disperse(let bricks, let redundancy):
            try container.encode("disperse", forKey: .type)
            try container.encode(bricks, forKey: .bricks)
            try container.encode(redundancy, forKey: .redundancy)
        }
    }
}

/// One brick of a topology: (peer, path, index). None of the three changes while it is in the
/// volume.
public struct Brick: Hashable, Sendable, Codable {
    public var id: BrickID
    public var peer: PeerID
    public var path: BrickPath
    /// The N of `V-client-N`, GlusterFS's brick-id: never re-used in a volume, since xattrs on
    /// other bricks (`trusted.afr.V-client-N`) carry it.
    public var index: Int
    public var isArbiter: Bool

    public init(id: BrickID, peer: PeerID, path: BrickPath, index: Int, isArbiter: Bool = false) {
        self.id = id
        self.peer = peer
        self.path = path
        self.index = index
        self.isArbiter = isArbiter
    }
}

/// One immutable generation of a volume's shape. `bricks` is in subvolume order: the first
/// `layout.bricksCount` bricks are subvolume 0, the arbiter being the last of each.
public struct Topology: Hashable, Sendable, Codable {
    public var layout: SubvolumeLayout
    public var bricks: [Brick]
    public var thinArbiter: ThinArbiter?

    public init(layout: SubvolumeLayout, bricks: [Brick], thinArbiter: ThinArbiter? = nil) {
        self.layout = layout
        self.bricks = bricks
        self.thinArbiter = thinArbiter
    }

    /// Everything that has a directory and a process on a peer: the bricks, then the thin arbiter.
    public var allBricks: [Brick] { bricks + (thinArbiter?.brick.map { [$0] } ?? []) }

    public var subvolumes: [ArraySlice<Brick>] {
        stride(from: 0, to: bricks.count, by: layout.bricksCount).map { start in
            bricks[start..<min(start + layout.bricksCount, bricks.count)]
        }
    }
}
