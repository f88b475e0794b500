public import GlusterModel

/// Up to where a node has obeyed the coordinators of each object: older ones are refused, also when
/// nobody else has come yet, and a step is refused after an undo of the same coordinator, for what
/// is sent later may arrive before.
public struct FenceTable: Hashable, Sendable {
    public struct Fence: Hashable, Sendable, Comparable {
        public var token: FencingToken
        /// Whether that coordinator undoes by now: it never goes back to doing.
        public var isUndo: Bool

        public init(token: FencingToken, isUndo: Bool) {
            self.token = token
            self.isUndo = isUndo
        }

        public static func < (left: Self, right: Self) -> Bool {
            left.token == right.token
                ? !left.isUndo && right.isUndo : left.token < right.token
        }
    }

    public enum Admission: Hashable, Sendable {
        case refused
        case known
        /// To be obeyed once this is on disk.
        case newer(FenceTable)
    }

    /// Objects that are remembered; of more, the oldest are forgotten.
    public static let objectsMax = 10_000

    private var fences: [String: Fence]

    public init() { fences = [:] }

    /// A table of one object, to be merged into what was known before it.
    public init(_ fence: Fence, for object: String) { fences = [object: fence] }

    /// Adds what `later` has learned.
    public mutating func merge(_ later: FenceTable) {
        fences.merge(later.fences, uniquingKeysWith: max)
    }

    public func admits(_ fence: Fence, for object: String) -> Admission {
        if let known = fences[object] {
            if fence < known { return .refused }
            if fence == known { return .known }
        }
        var newer = self
        newer.fences[object] = fence
        while newer.fences.count > Self.objectsMax,
            let oldest = newer.fences.min(by: { $0.value < $1.value })?.key
        {
            newer.fences[oldest] = nil
        }
        return .newer(newer)
    }
}

extension FenceTable: Codable {
    private struct Row: Codable {
        var epoch: Epoch
        var token: Int64
        /// Absent in files of the first version, and when false.
        var undo: Bool?
    }

    public init(from decoder: any Decoder) throws {
        fences = try decoder.singleValueContainer().decode([String: Row].self).mapValues { row in
            Fence(
                token: FencingToken(epoch: row.epoch, token: row.token), isUndo: row.undo ?? false)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            fences.mapValues { fence in
                Row(
                    epoch: fence.token.epoch, token: fence.token.token,
                    undo: fence.isUndo ? true : nil)
            })
    }
}
