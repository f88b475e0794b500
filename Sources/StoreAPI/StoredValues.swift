public import GlusterModel

/// The options of a volume or of the cluster: stored keys and canonical values.
public struct StoredOptions: Hashable, Sendable, Codable {
    public var schema = 1
    public var options: [String: String]

    public init(_ options: [String: String] = [:]) { self.options = options }
}

/// A group of options that somebody made, by the name in its key.
public struct StoredOptionGroup: Hashable, Sendable, Codable {
    public var schema = 1
    public var description: String
    public var options: [String: String]

    public init(description: String, options: [String: String]) {
        self.description = description
        self.options = options
    }
}

/// The shape of one generation: `gen/<G>/layout`.
public struct StoredLayout: Hashable, Sendable, Codable {
    public var schema = 1
    public var layout: SubvolumeLayout
    public var thinArbiter: ThinArbiter?

    public init(_ topology: Topology) {
        layout = topology.layout
        thinArbiter = topology.thinArbiter
    }
}

/// Up to `Limits.bricksPerRecord` bricks of one generation: `gen/<G>/bricks/<chunk>`.
public struct StoredBricks: Hashable, Sendable, Codable {
    public var schema = 1
    public var bricks: [Brick]

    public init(_ bricks: [Brick]) { self.bricks = bricks }
}

/// `cluster/epoch`.
public struct StoredEpoch: Hashable, Sendable, Codable {
    public var schema = 1
    public var epoch: Epoch

    public init(_ epoch: Epoch) { self.epoch = epoch }
}

/// `cluster/version`: the schema that every member can read; nobody writes a newer one.
public struct StoredSchemaVersion: Hashable, Sendable, Codable {
    public var schema = 1
    public var version: Int

    public init(_ version: Int) { self.version = version }
}
