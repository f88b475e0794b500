public import GD2Error
public import GlusterModel

/// What follows the name in `volume create`, in GD1's word order:
/// `[replica N [arbiter 1 | thin-arbiter 1]] [disperse N] [disperse-data N] [redundancy M]
/// [transport tcp] BRICK… [force]`.
public struct CreateWords: Hashable, Sendable {
    public let layout: SubvolumeLayout
    public let bricks: [BrickSpec]
    /// The last of the bricks given, with `thin-arbiter 1`.
    public let thinArbiter: BrickSpec?
    public let force: Bool

    public init(_ words: [String]) throws(GD2Error) {
        var counts: [String: Int] = [:]
        var bricks: [BrickSpec] = []
        var rest = words[...]
        force = rest.last == "force"
        if force { rest.removeLast() }
        while let word = rest.popFirst() {
            switch word {
            case "replica", "arbiter", "thin-arbiter", "disperse", "disperse-data", "redundancy":
                guard let text = rest.popFirst(), let count = Int(text), count > 0 else {
                    throw GD2Error(.invalid, "\(word) needs a number above 0 after it")
                }
                guard counts.updateValue(count, forKey: word) == nil else {
                    throw GD2Error(.invalid, "\(word) is given twice")
                }
            case "transport":
                guard rest.popFirst() == "tcp" else {
                    throw GD2Error(.invalid, "transport can be tcp only")
                }
            default: bricks.append(try BrickSpec(validating: word))
            }
        }
        layout = try Self.layout(counts)
        thinArbiter = try Self.takeThinArbiter(counts, layout, &bricks)
        guard !bricks.isEmpty, bricks.count.isMultiple(of: layout.bricksCount) else {
            throw GD2Error(
                .invalid,
                "\(bricks.count) bricks are given, a multiple of \(layout.bricksCount) is needed")
        }
        self.bricks = bricks
    }

    private static func takeThinArbiter(
        _ counts: [String: Int], _ layout: SubvolumeLayout, _ bricks: inout [BrickSpec]
    ) throws(GD2Error) -> BrickSpec? {
        guard let count = counts["thin-arbiter"] else { return nil }
        guard count == 1, layout == .replicate(copies: 2, arbiter: false) else {
            throw GD2Error(
                .invalid, "a thin arbiter needs \"replica 2 thin-arbiter 1\", its path last")
        }
        return bricks.popLast()
    }

    private static func layout(_ counts: [String: Int]) throws(GD2Error) -> SubvolumeLayout {
        let isDisperse = ["disperse", "disperse-data", "redundancy"].contains { counts[$0] != nil }
        if let replica = counts["replica"] {
            guard !isDisperse else {
                throw GD2Error(.invalid, "replica and disperse cannot be used together")
            }
            guard let arbiter = counts["arbiter"] else {
                guard replica > 1 else {
                    throw GD2Error(.invalid, "replica needs 2 or more: leave it out for one copy")
                }
                return .replicate(copies: replica, arbiter: false)
            }
            // GD1 counts the arbiter in ("replica 3 arbiter 1") or not ("replica 2 arbiter 1").
            guard arbiter == 1, replica == 2 || replica == 3 else {
                throw GD2Error(.invalid, "an arbiter needs \"replica 2 arbiter 1\"")
            }
            return .replicate(copies: 2, arbiter: true)
        }
        guard counts["arbiter"] == nil else {
            throw GD2Error(.invalid, "arbiter needs replica: write \"replica 2 arbiter 1\"")
        }
        return isDisperse ? try disperse(counts) : .distribute
    }

    private static func disperse(_ counts: [String: Int]) throws(GD2Error) -> SubvolumeLayout {
        // Above 4096 no volume has bricks; it also keeps the sums below from overflowing.
        guard counts.values.allSatisfy({ $0 <= 4096 }) else {
            throw GD2Error(.invalid, "disperse counts can be 4096 at most")
        }
        let data = counts["disperse-data"]
        let total: Int
        if let given = counts["disperse"] {
            total = given
        } else if let data {
            total = data + (counts["redundancy"] ?? 1)
        } else {
            throw GD2Error(.invalid, "redundancy needs disperse or disperse-data")
        }
        let redundancy =
            counts["redundancy"] ?? data.map { total - $0 } ?? optimalRedundancy(total)
        guard redundancy > 0, total > 2 * redundancy, data.map({ $0 + redundancy == total }) ?? true
        else {
            throw GD2Error(
                .invalid,
                "disperse \(total) redundancy \(redundancy) is impossible: redundancy must be "
                    + "above 0, below half of the bricks, and what disperse-data leaves over")
        }
        return .disperse(bricks: total, redundancy: redundancy)
    }

    /// The greatest redundancy with a power of two of data bricks (which writes whole blocks),
    /// or 1.
    private static func optimalRedundancy(_ total: Int) -> Int {
        let most = max(0, (total - 1) / 2)
        return stride(from: most, to: 0, by: -1).first { (total - $0).nonzeroBitCount == 1 } ?? 1
    }
}
