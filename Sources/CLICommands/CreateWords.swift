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

    /// `force`: as if the words ended with it.
    public init(_ words: [String], force: Bool = false) throws(GD2Error) {
        var counts: [String: Int] = [:]
        var bricks: [BrickSpec] = []
        var rest = words[...]
        let isLast = rest.last == "force"
        if isLast { rest.removeLast() }
        self.force = isLast || force
        var isDispersed = false
        while let word = rest.popFirst() {
            switch word {
            // Without a number: one set of all bricks.
            case "disperse" where rest.first.flatMap({ Int($0) }) == nil: isDispersed = true
            case "replica", "arbiter", "thin-arbiter", "disperse", "disperse-data", "redundancy":
                guard let text = rest.popFirst(), let count = Int(text), count > 0 else {
                    throw GD2Error(.invalid, "\(word) needs a number above 0 after it")
                }
                guard counts.updateValue(count, forKey: word) == nil else {
                    throw GD2Error(.invalid, "\(word) is given twice")
                }
            case "stripe":
                throw GD2Error(
                    .invalid,
                    "GlusterFS has no stripe volumes any more: leave it out, and set "
                        + "features.shard on for large files")
            case "transport":
                guard rest.popFirst() == "tcp" else {
                    throw GD2Error(.invalid, "transport can be tcp only")
                }
            case "force": throw GD2Error(.invalid, "force stands once, and as the last word")
            default: bricks.append(try BrickSpec(validating: word))
            }
        }
        guard !bricks.isEmpty else {
            throw GD2Error(.invalid, "a volume needs bricks: add HOST:/PATH for each")
        }
        layout = try Self.layout(counts, isDispersed, bricks: bricks.count)
        thinArbiter = try Self.takeThinArbiter(counts, layout, &bricks)
        let size = layout.bricksCount
        guard !bricks.isEmpty, bricks.count.isMultiple(of: size) else {
            throw GD2Error(
                .invalid,
                "\(bricks.count) \(bricks.count == 1 ? "brick" : "bricks")"
                    + (thinArbiter == nil ? " " : " beside the thin arbiter ")
                    + "cannot be divided into sets of \(size): "
                    + SubvolumeLayout.advice(onBricks: bricks.count, setsOf: size))
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

    private static func layout(
        _ counts: [String: Int], _ isDispersed: Bool, bricks: Int
    ) throws(GD2Error) -> SubvolumeLayout {
        let words = ["disperse", "disperse-data", "redundancy"]
        let isDisperse = isDispersed || words.contains { counts[$0] != nil }
        if let replica = counts["replica"] {
            guard !isDisperse else {
                throw GD2Error(.invalid, "replica and disperse cannot be used together")
            }
            guard let arbiter = counts["arbiter"] else {
                guard (2...SubvolumeLayout.copiesMax).contains(replica) else {
                    throw GD2Error(
                        .invalid,
                        "replica takes 2 to \(SubvolumeLayout.copiesMax): leave it out for one copy"
                    )
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
        return isDisperse ? try disperse(counts, bricks: bricks) : .distribute
    }

    /// What is not said goes by the number of bricks, as with GD1: they are one set then.
    private static func disperse(
        _ counts: [String: Int], bricks: Int
    ) throws(GD2Error) -> SubvolumeLayout {
        let most = SubvolumeLayout.disperseBricksMax
        // It also keeps the sums below from overflowing.
        guard counts.values.allSatisfy({ $0 <= most }) else {
            throw GD2Error(.invalid, "a disperse set takes 3 to \(most) bricks")
        }
        let (data, given) = (counts["disperse-data"], counts["redundancy"])
        let total: Int
        if let count = counts["disperse"] {
            total = count
        } else if let data, let given {
            total = data + given
        } else {
            total = bricks
        }
        let redundancy =
            given ?? data.map { total - $0 } ?? SubvolumeLayout.bestRedundancy(ofDisperse: total)
        if let advice = SubvolumeLayout.advice(onDisperse: total, redundancy: redundancy) {
            throw GD2Error(
                .invalid, "disperse \(total) redundancy \(redundancy) is impossible: \(advice)")
        }
        if let data, data + redundancy != total {
            throw GD2Error(
                .invalid,
                "disperse \(total) with redundancy \(redundancy) has \(total - redundancy) data "
                    + "bricks, not \(data): leave one of the three out")
        }
        return .disperse(bricks: total, redundancy: redundancy)
    }
}
