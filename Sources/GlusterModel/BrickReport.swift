/// What a node says of one of its bricks or daemons.
public struct BrickReport: Hashable, Sendable, Codable {
    public enum Phase: String, Sendable, Codable {
        case offline, starting, online, stopping
        /// Given up after repeated failures; `message` says why. `start --force` tries again.
        case failed
    }

    /// The brick's index in the volume; −1 for the node's self-heal daemon.
    public var index: Int
    public var path: String
    public var phase: Phase
    /// 0 when there is no process.
    public var pid: Int32
    /// TCP port; 0 when the brick is not online.
    public var port: Int
    public var failures: Int
    public var message: String
    /// Equal for bricks of this node on one file system, until the next boot; empty when unknown.
    /// Volfiles need it for posix's `shared-brick-count`.
    public var device: String

    public init(
        index: Int, path: String, phase: Phase, pid: Int32 = 0, port: Int = 0, failures: Int = 0,
        message: String = "", device: String = ""
    ) {
        self.index = index
        self.path = path
        self.phase = phase
        self.pid = pid
        self.port = port
        self.failures = failures
        self.message = message
        self.device = device
    }
}

/// What one node says of one volume: stored at `reported/<peer>/volumes/<volume>`, written by that
/// node's gd2-brickd alone, removed by it when the volume is gone.
public struct VolumeReport: Hashable, Sendable, Codable {
    public var schema: Int
    public var volume: VolumeID
    /// `/proc/sys/kernel/random/boot_id` of the boot in which it was written.
    public var bootID: String
    public var incarnation: IncarnationID
    /// The head's modification revision that this report answers.
    public var headRevision: Int64
    /// Whether everything is as the head wants it (all online, or all offline).
    public var converged: Bool
    public var bricks: [BrickReport]

    public init(
        volume: VolumeID, bootID: String, incarnation: IncarnationID, headRevision: Int64,
        converged: Bool, bricks: [BrickReport]
    ) {
        schema = 1
        self.volume = volume
        self.bootID = bootID
        self.incarnation = incarnation
        self.headRevision = headRevision
        self.converged = converged
        self.bricks = bricks
    }
}
