public import GlusterModel

/// One brick of a volume in the place of another: what the volume is like afterwards. The new one
/// keeps the index, so that the names of xlators and of AFR's changelogs stay.
public struct Replacement: Hashable, Sendable {
    public var topology: Topology
    public var old: Brick
    public var new: Brick
    /// The other bricks of its set, which have the data.
    public var others: [Brick]

    /// `place` is where the new brick is to be; `force` allows two bricks of a set on one host.
    public init(
        of old: Brick, in topology: Topology, by place: VolumeWish.BrickWish, force: Bool,
        using generator: inout some RandomNumberGenerator
    ) throws(ReplacementError) {
        guard topology.layout != .distribute else { throw .distribute }
        guard topology.thinArbiter == nil else { throw .thinArbiter }
        guard let position = topology.bricks.firstIndex(of: old) else { throw .noBrick(old.path) }
        guard old.peer != place.peer || old.path != place.path else { throw .samePlace(old.path) }
        for brick in topology.bricks where brick.peer == place.peer {
            if brick.path.contains(place.path) || place.path.contains(brick.path) {
                throw .overlap(place.path, brick.path)
            }
            if brick.path.dashed == place.path.dashed { throw .sameName(place.path, brick.path) }
        }
        let size = topology.layout.bricksCount
        let number = position / size
        let set = topology.bricks[number * size..<min((number + 1) * size, topology.bricks.count)]
        others = set.filter { $0 != old }
        if !force, others.contains(where: { $0.peer == place.peer }) {
            throw .sameHost(set: number)
        }
        self.old = old
        new = Brick(
            id: BrickID(using: &generator), peer: place.peer, path: place.path, index: old.index,
            isArbiter: old.isArbiter)
        self.topology = topology
        self.topology.bricks[position] = new
    }

    /// Throws where those of ``others`` that are online, by index, have not all the data: nobody
    /// could fill the new brick then.
    public func checkData(online: Set<Int>) throws(ReplacementError) {
        let found = others.filter { online.contains($0.index) }
        switch topology.layout {
        case .distribute: throw .distribute
        case .replicate:
            guard found.contains(where: { !$0.isArbiter }) else {
                throw .noData(online: found.count, needed: 1, isDisperse: false)
            }
        case .disperse(let bricks, let redundancy):
            guard found.count >= bricks - redundancy else {
                throw .noData(
                    online: found.count, needed: bricks - redundancy, isDisperse: true)
            }
        }
    }
}

/// Why a brick is not replaced, and what would be accepted.
public enum ReplacementError: Error, Equatable, CustomStringConvertible {
    case distribute
    case thinArbiter
    case noBrick(BrickPath)
    case samePlace(BrickPath)
    case overlap(BrickPath, BrickPath)
    case sameName(BrickPath, BrickPath)
    case sameHost(set: Int)
    case noData(online: Int, needed: Int, isDisperse: Bool)

    public var description: String {
        switch self {
        case .distribute:
            "its bricks hold the only copy of their files, which would be lost: only bricks of "
                + "replicate and disperse volumes are replaced"
        case .thinArbiter:
            "it has a thin arbiter, which does not learn that a brick is empty, and could call it "
                + "the good one: only bricks of volumes without one are replaced"
        case .noBrick(let path): "\(path) is no brick of it"
        case .samePlace(let path):
            "\(path) would be replaced by itself: name another directory (mv the old one away, or "
                + "use one beside it)"
        case .overlap(let new, let brick):
            "\(new) is, contains or lies in \(brick), a brick of the same volume: use a directory "
                + "apart from it"
        case .sameName(let new, let brick):
            "\(new) and the brick \(brick) of the same host would both be called "
                + "\(new.dashed): use another name"
        case .sameHost(let set):
            "set \(set + 1) would have more than one brick on one host, so that the loss of the "
                + "host loses more than one copy: use another host, or add force"
        case .noData(let online, let needed, let isDisperse):
            isDisperse
                ? "of the other bricks of its set \(online) are online and \(needed) are needed to "
                    + "have the data: start them first (glustercli volume status)"
                : "no other brick of its set that has the data is online, so nothing could be "
                    + "healed from: start one first (glustercli volume status)"
        }
    }
}
