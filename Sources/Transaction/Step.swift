public import GlusterModel

/// What a transaction does on one node; its arguments are read from the journal by that node.
public struct Step: Hashable, Sendable, Codable {
    public enum Action: String, Hashable, Sendable, Codable {
        /// Checks directories and marks them as bricks of the volume; undo takes the marks away,
        /// but only those that bear this volume's id.
        case prepareBricks = "prepare-bricks"
        /// As `prepare-bricks`, of a directory that is empty and takes the place of another brick:
        /// it is not started before the other bricks of its set know that it is empty.
        case prepareReplacement = "prepare-replacement"
        /// Takes the marks away so that the directories can be used again; the data stays. Done
        /// already, or nothing there, is a success. It has no undo.
        case removeBricks = "remove-bricks"

        /// Whether it marks directories.
        public var marks: Bool {
            switch self {
            case .prepareBricks, .prepareReplacement: true
            case .removeBricks: false
            }
        }
    }

    public var action: Action
    /// The node that runs it.
    public var peer: PeerID
    public var arguments: BrickArguments

    public init(action: Action, peer: PeerID, arguments: BrickArguments) {
        self.action = action
        self.peer = peer
        self.arguments = arguments
    }

    /// Whether it runs after the commit, where it is repeated until it succeeds.
    public var isAfterCommit: Bool { action == .removeBricks }
}

/// The arguments of every step.
public struct BrickArguments: Hashable, Sendable, Codable {
    public var volume: VolumeID
    public var name: VolumeName
    /// The bricks of the step's peer alone.
    public var bricks: [Brick]
    public var flags: BrickFlags

    public init(volume: VolumeID, name: VolumeName, bricks: [Brick], flags: BrickFlags) {
        self.volume = volume
        self.name = name
        self.bricks = bricks
        self.flags = flags
    }
}

/// Which checks of a brick's directory are left out (GD2's `flags` and `force`).
public struct BrickFlags: Hashable, Sendable, Codable {
    public var reuseBricks: Bool
    public var allowRootDirectory: Bool
    public var allowMountAsBrick: Bool
    public var createBrickDirectory: Bool
    /// All of the above.
    public var force: Bool

    public init(
        reuseBricks: Bool = false, allowRootDirectory: Bool = false,
        allowMountAsBrick: Bool = false, createBrickDirectory: Bool = false, force: Bool = false
    ) {
        self.reuseBricks = reuseBricks
        self.allowRootDirectory = allowRootDirectory
        self.allowMountAsBrick = allowMountAsBrick
        self.createBrickDirectory = createBrickDirectory
        self.force = force
    }

    enum CodingKeys: String, CodingKey {
        case force
        case reuseBricks = "reuse-bricks"
        case allowRootDirectory = "allow-root-dir"
        case allowMountAsBrick = "allow-mount-as-brick"
        case createBrickDirectory = "create-brick-dir"
    }
}
