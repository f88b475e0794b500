public import GlusterModel

/// What somebody asks a volume to be, before anything was checked.
public struct VolumeWish: Hashable, Sendable {
    public struct Subvolume: Hashable, Sendable {
        /// `distribute`, `replicate` or `disperse`, in any case.
        public var type: String
        public var bricks: [BrickWish]
        /// Copies of the data, the arbiter not counted; nil: not said.
        public var copies: Int?
        public var arbiters: Int?
        public var disperse: Int?
        public var disperseData: Int?
        public var redundancy: Int?

        public init(type: String, bricks: [BrickWish]) {
            self.type = type
            self.bricks = bricks
        }

        var numbers: [Int] {
            [copies, arbiters, disperse, disperseData, redundancy].compactMap(\.self)
        }
    }

    public struct BrickWish: Hashable, Sendable {
        public var peer: PeerID
        public var path: BrickPath

        public init(peer: PeerID, path: BrickPath) {
            self.peer = peer
            self.path = path
        }
    }

    public enum ThinArbiter: Hashable, Sendable {
        case peer(BrickWish)
        /// On a host that is no peer.
        case elsewhere(host: String, path: BrickPath)
    }

    public var subvolumes: [Subvolume]
    public var thinArbiter: ThinArbiter?
    /// Allows what is possible but unwise.
    public var force: Bool

    public init(subvolumes: [Subvolume], force: Bool) {
        self.subvolumes = subvolumes
        self.force = force
    }
}

/// Why a wish is refused, and what would be accepted.
public enum PlacementError: Error, Equatable, CustomStringConvertible {
    case noBricks
    case badNumber(Int)
    case unknownType(String)
    case mixed
    case badReplica(Int)
    case badArbiter(Int, copies: Int)
    case badDisperse(bricks: Int, redundancy: Int)
    case bricksCount(given: Int, multipleOf: Int)
    case overlap(BrickPath, BrickPath)
    case sameName(BrickPath, BrickPath)
    case sameHost(PeerID, subvolume: Int)
    case badThinArbiter
    case thinArbiterWithBricks

    public var description: String {
        switch self {
        case .noBricks: "a volume and each of its sets needs bricks: give at least one HOST:/PATH"
        case .badNumber(let number):
            "\(number) is no possible count: it takes 0 to \(Placement.numberMax)"
        case .unknownType(let type):
            "subvolume type \"\(type)\" is none of distribute, replicate, disperse"
        case .mixed: "all subvolumes of a volume have to be of one type and size"
        case .badReplica(let copies):
            "replica \(copies) is not possible: it takes 2 to \(SubvolumeLayout.copiesMax) copies"
        case .badArbiter(let count, let copies):
            "arbiter \(count) with \(copies) data bricks is not possible: only 2 data bricks and "
                + "1 arbiter (replica 3 arbiter 1)"
        case .badDisperse(let bricks, let redundancy):
            "disperse \(bricks) with redundancy \(redundancy) is not possible: "
                + (SubvolumeLayout.advice(onDisperse: bricks, redundancy: redundancy)
                    ?? "bricks, data bricks and redundancy do not add up")
        case .bricksCount(let given, let multiple):
            "\(given) bricks cannot be divided into sets of \(multiple): "
                + SubvolumeLayout.advice(onBricks: given, setsOf: multiple)
        case .sameName(let one, let other):
            "bricks \(one) and \(other) of one host would both be called \(one.dashed): "
                + "rename one of the directories"
        case .overlap(let one, let other):
            "bricks \(one) and \(other) of one host overlap: use directories apart from each other"
        case .sameHost(_, let subvolume):
            "set \(subvolume + 1) has more than one brick on one host, so that the loss of the "
                + "host loses more than one copy: use different hosts, or add force"
        case .badThinArbiter:
            "a thin arbiter is for sets of 2 copies without arbiter (replica 2 thin-arbiter 1)"
        case .thinArbiterWithBricks:
            "the thin arbiter is on a host that has a brick of the volume, so that the loss of the "
                + "host loses both: use another host, or add force"
        }
    }
}

/// Turns a wish into a topology, or says what is wrong with it.
public enum Placement {
    /// No set of bricks is larger; it also keeps sums from overflowing.
    static let numberMax = 4_096

    public static func topology(
        for wish: VolumeWish, using generator: inout some RandomNumberGenerator
    ) throws(PlacementError) -> Topology {
        for number in wish.subvolumes.flatMap(\.numbers)
        where !(0...Self.numberMax).contains(number) {
            throw .badNumber(number)
        }
        guard let first = wish.subvolumes.first,
            wish.subvolumes.allSatisfy({ !$0.bricks.isEmpty })
        else { throw .noBricks }
        let layout = try layout(of: first)
        for subvolume in wish.subvolumes.dropFirst() {
            guard try self.layout(of: subvolume) == layout else { throw .mixed }
        }
        for subvolume in wish.subvolumes where subvolume.bricks.count % layout.bricksCount != 0 {
            throw .bricksCount(given: subvolume.bricks.count, multipleOf: layout.bricksCount)
        }
        let wishes = wish.subvolumes.flatMap(\.bricks)
        var places = wishes
        if case .peer(let place) = wish.thinArbiter { places.append(place) }
        try checkOverlaps(places)
        if wish.thinArbiter != nil, layout != .replicate(copies: 2, arbiter: false) {
            throw .badThinArbiter
        }
        let hasArbiter: Bool
        if case .replicate(_, let arbiter) = layout {
            hasArbiter = arbiter
        } else {
            hasArbiter = false
        }
        let size = layout.bricksCount
        // As with glusterd, each set leaves a number for the thin arbiter.
        let numbersPerSet = size + (wish.thinArbiter == nil ? 0 : 1)
        let bricks = wishes.enumerated().map { position, wish in
            Brick(
                id: BrickID(using: &generator), peer: wish.peer, path: wish.path,
                index: position / size * numbersPerSet + position % size,
                isArbiter: hasArbiter && position % size == size - 1)
        }
        let arbiter = wish.thinArbiter.map { wish -> GlusterModel.ThinArbiter in
            switch wish {
            case .elsewhere(let host, let path): return .elsewhere(host: host, path: path)
            case .peer(let place):
                return .brick(
                    Brick(
                        id: BrickID(using: &generator), peer: place.peer, path: place.path,
                        index: wishes.count / size * numbersPerSet - 1))
            }
        }
        let topology = Topology(layout: layout, bricks: bricks, thinArbiter: arbiter)
        if !wish.force { try checkHosts(topology) }
        return topology
    }

    private static func layout(
        of wish: VolumeWish.Subvolume
    ) throws(PlacementError) -> SubvolumeLayout {
        switch wish.type.lowercased() {
        case "distribute", "": return .distribute
        case "replicate":
            let arbiters = wish.arbiters ?? 0
            let copies = wish.copies ?? (wish.bricks.count - arbiters)
            guard (2...SubvolumeLayout.copiesMax).contains(copies) else {
                throw .badReplica(copies)
            }
            guard arbiters == 0 || (arbiters == 1 && copies == 2) else {
                throw .badArbiter(arbiters, copies: copies)
            }
            return .replicate(copies: copies, arbiter: arbiters == 1)
        case "disperse": return try disperse(wish)
        default: throw .unknownType(wish.type)
        }
    }

    private static func disperse(
        _ wish: VolumeWish.Subvolume
    ) throws(PlacementError) -> SubvolumeLayout {
        let bricks: Int
        if let count = wish.disperse, count > 0 {
            bricks = count
        } else if let data = wish.disperseData, let redundancy = wish.redundancy {
            bricks = data + redundancy
        } else {
            bricks = wish.bricks.count
        }
        let redundancy: Int
        if let given = wish.redundancy, given > 0 {
            redundancy = given
        } else if let data = wish.disperseData, data > 0 {
            redundancy = bricks - data
        } else {
            redundancy = SubvolumeLayout.bestRedundancy(ofDisperse: bricks)
        }
        guard SubvolumeLayout.redundancies(ofDisperse: bricks)?.contains(redundancy) == true,
            wish.disperseData.map({ $0 == 0 || $0 + redundancy == bricks }) ?? true
        else { throw .badDisperse(bricks: bricks, redundancy: redundancy) }
        return .disperse(bricks: bricks, redundancy: redundancy)
    }

    private static func checkOverlaps(
        _ bricks: [VolumeWish.BrickWish]
    ) throws(PlacementError) {
        for own in Dictionary(grouping: bricks, by: \.peer).values {
            // In order, whatever lies below a path follows it directly.
            let paths = own.map(\.path).sorted { $0.description + "/" < $1.description + "/" }
            for (one, other) in zip(paths, paths.dropFirst()) where one.contains(other) {
                throw .overlap(one, other)
            }
            // GlusterFS names volfiles and logs by the path with dashes for slashes.
            for same in Dictionary(grouping: own.map(\.path), by: \.dashed).values
            where same.count > 1 {
                throw .sameName(same[0], same[1])
            }
        }
    }

    private static func checkHosts(_ topology: Topology) throws(PlacementError) {
        guard topology.layout != .distribute else { return }
        for (number, subvolume) in topology.subvolumes.enumerated() {
            var seen: Set<PeerID> = []
            for brick in subvolume where !seen.insert(brick.peer).inserted {
                throw .sameHost(brick.peer, subvolume: number)
            }
        }
        if let place = topology.thinArbiter?.brick,
            topology.bricks.contains(where: { $0.peer == place.peer })
        {
            throw .thinArbiterWithBricks
        }
    }
}
