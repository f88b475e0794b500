/// What says, beside the two copies of each set, which of them is good when they cannot agree. It
/// holds one small file a set, and clients ask it only when a copy is missing.
public enum ThinArbiter: Hashable, Sendable {
    /// On a peer of this cluster, which runs its process like a brick's.
    case brick(Brick)
    /// On a host outside of it, where an administrator has set it up
    /// (GlusterFS `setup-thin-arbiter.sh`); clients ask its port 24007.
    case elsewhere(host: String, path: BrickPath)

    public var path: BrickPath {
        switch self {
        case .brick(let brick): brick.path
        case .elsewhere(_, let path): path
        }
    }

    /// Nil: it is not this cluster's.
    public var brick: Brick? {
        if case .brick(let brick) = self { return brick }
        return nil
    }
}

extension ThinArbiter: Codable {
    private enum Key: String, CodingKey { case brick, host, path }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let brick = try container.decodeIfPresent(Brick.self, forKey: .brick) {
            self = .brick(brick)
        } else {
            self = .elsewhere(
                host: try container.decode(String.self, forKey: .host),
                path: try container.decode(BrickPath.self, forKey: .path))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .brick(let brick): try container.encode(brick, forKey: .brick)
        case .elsewhere(let host, let path):
            try container.encode(host, forKey: .host)
            try container.encode(path, forKey: .path)
        }
    }
}
