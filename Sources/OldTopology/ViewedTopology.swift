public import GlusterModel

/// A volume's topology as this node's view of the store has it, and who else would know of a newer
/// one.
public struct ViewedTopology: Hashable, Sendable {
    public var volume: VolumeID
    public var name: VolumeName
    public var epoch: Epoch
    public var generation: Int
    /// The store's revision that wrote the volume's head: who knows less cannot know the volume.
    public var headRevision: Int64
    /// Other peers that hold bricks of the volume, or its thin arbiter.
    public var others: [PeerID]
    /// This node: its gd2-brickd may have seen more of the store than the view that clients are
    /// served from, and then knows better. Its confirmation counts for nothing.
    public var own: PeerID
    /// Whether the cluster has no other peer.
    public var isAlone: Bool

    /// `peersCount`: of the whole cluster, this node (`own`) included.
    public init(
        _ volume: Volume, epoch: Epoch, headRevision: Int64, own: PeerID, peersCount: Int
    ) {
        self.volume = volume.id
        name = volume.name
        self.epoch = epoch
        generation = volume.head.generation
        self.headRevision = headRevision
        others = Set(volume.topology.allBricks.map(\.peer)).subtracting([own]).sorted()
        self.own = own
        isAlone = peersCount <= 1
    }

    /// Who is asked: ``others``, then this node.
    public var asked: [PeerID] { others + [own] }

    /// Whether it may be another one by now without this node having taken part.
    public var canHaveMoved: Bool { !isAlone && !others.isEmpty }

    /// What a peer's word means for this topology.
    public enum Finding: Hashable, Sendable {
        case confirmed
        /// The peer knows a newer one, or that the volume is gone.
        case contradicted
        /// The peer's own view is older than this one.
        case nothing
    }

    public func compared(with known: KnownGeneration) -> Finding {
        guard known.epoch == epoch else { return known.epoch > epoch ? .contradicted : .nothing }
        guard let other = known.generation else {
            return known.revision >= headRevision ? .contradicted : .nothing
        }
        if other == generation { return .confirmed }
        return other > generation ? .contradicted : .nothing
    }
}
