/// What a node's view of the store says of a volume's topology.
public struct KnownGeneration: Hashable, Sendable {
    public var epoch: Epoch
    /// Of the whole view; grows within an epoch.
    public var revision: Int64
    /// Whether that view follows the store now.
    public var isCurrent: Bool
    /// Nil: the view has no such volume.
    public var generation: Int?

    public init(epoch: Epoch, revision: Int64, isCurrent: Bool, generation: Int?) {
        self.epoch = epoch
        self.revision = revision
        self.isCurrent = isCurrent
        self.generation = generation
    }
}
