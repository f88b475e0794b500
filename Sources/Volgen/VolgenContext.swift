public import GlusterModel

/// For whom a volfile is: what may stand in it.
public struct Audience: Hashable, Sendable {
    /// uid 0 of this node: gets the credentials that pass `auth.allow`.
    public var isTrusted: Bool
    /// The newest op-version that the reader knows.
    public var opVersion: Int

    public init(isTrusted: Bool, opVersion: Int = 100_000) {
        self.isTrusted = isTrusted
        self.opVersion = opVersion
    }
}

/// What a process needs a volfile for.
public enum VolfileRole: Hashable, Sendable {
    case client
    /// The brick with this index.
    case brick(index: Int)
    /// The volume's thin arbiter on a peer of this cluster.
    case thinArbiter
    case selfHeal
    case rebalance
    /// The daemon that speaks with the bricks on behalf of mounts, and such a mount.
    case gfproxyd, gfproxyClient
    /// The daemon that serves the volume's snapshots.
    case snapd
    /// The crawl over the brick with this index, when quota is turned on or off.
    case quotaCrawl(index: Int)
}

/// Name and password of a volume's trusted clients.
public struct TrustedCredentials: Hashable, Sendable, CustomStringConvertible {
    public var username: String
    public var password: String

    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Without the secret.
    public var description: String { "trusted client \(username)" }
}

/// What a volume is a snapshot of.
public struct SnapshotOrigin: Hashable, Sendable {
    /// The snapshot's name; its volume is named otherwise.
    public var name: String
    /// The volume that it was taken of.
    public var origin: VolumeName

    public init(name: String, origin: VolumeName) {
        self.name = name
        self.origin = origin
    }
}

/// What a volfile needs beside the volume.
public struct VolgenContext: Sendable {
    /// The host of each peer, as volfiles name it.
    public var hosts: [PeerID: String]
    public var credentials: TrustedCredentials
    /// Bricks of this volume on the same file system of their node; 0 for another node's bricks.
    public var sharedBrickCounts: [Int: Int]
    /// GD1's working directory, in which some xlators keep files.
    public var workingDirectory: String
    /// Indices of the bricks that files are moved off.
    public var decommissioned: Set<Int> = []
    /// Nil for a volume that is no snapshot.
    public var snapshot: SnapshotOrigin?
    /// How often quota was turned on: its xattrs carry this number.
    public var quotaVersion = 0

    public init(
        hosts: [PeerID: String], credentials: TrustedCredentials,
        sharedBrickCounts: [Int: Int] = [:], workingDirectory: String = "/var/lib/glusterd"
    ) {
        self.hosts = hosts
        self.credentials = credentials
        self.sharedBrickCounts = sharedBrickCounts
        self.workingDirectory = workingDirectory
    }
}

public enum VolgenError: Error, Equatable, CustomStringConvertible {
    case unknownPeer(PeerID, volume: VolumeName)
    case noSuchBrick(index: Int, volume: VolumeName)
    case noThinArbiter(volume: VolumeName)
    case noSelfHeal(volume: VolumeName)
    case opVersion(needed: Int, known: Int, volume: VolumeName)

    public var description: String {
        switch self {
        case .unknownPeer(let peer, let volume):
            "volume \(volume) has a brick on peer \(peer), whose address is not known"
        case .noSuchBrick(let index, let volume): "volume \(volume) has no brick \(index)"
        case .noThinArbiter(let volume):
            "volume \(volume) has no thin arbiter in this cluster"
        case .noSelfHeal(let volume): "volume \(volume) keeps no copies that could be healed"
        case .opVersion(let needed, let known, let volume):
            "volume \(volume) needs op-version \(needed), the client knows \(known)"
        }
    }
}
