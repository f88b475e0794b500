/// What GlusterFS's clients can do with one set of bricks. glusterd 10.3 looks at neither limit,
/// and makes volumes that no client can mount.
extension SubvolumeLayout {
    /// Copies that AFR can tell apart: the bits of its maps of good ones
    /// (afr-common.c, `__afr_inode_read_subvol_get`).
    public static let copiesMax = 16
    /// Data bricks of a disperse set (ec-method.h, `EC_METHOD_MAX_FRAGMENTS`).
    public static let disperseDataMax = 16
    /// Bricks of a disperse set: less than half of them may be lost.
    public static let disperseBricksMax = 2 * disperseDataMax - 1

    /// How many of `bricks` bricks of a disperse set may be lost; nil where no set has so many.
    public static func redundancies(ofDisperse bricks: Int) -> ClosedRange<Int>? {
        guard (3...disperseBricksMax).contains(bricks) else { return nil }
        return max(1, bricks - disperseDataMax)...(bricks - 1) / 2
    }

    /// GD1's choice: the greatest redundancy with a power of two of data bricks (which writes whole
    /// blocks), else the least that is possible.
    public static func bestRedundancy(ofDisperse bricks: Int) -> Int {
        guard let possible = redundancies(ofDisperse: bricks) else { return 1 }
        return possible.last { (bricks - $0).nonzeroBitCount == 1 } ?? possible.lowerBound
    }

    /// What would be possible in the place of a disperse set that is not; nil when it is.
    public static func advice(onDisperse bricks: Int, redundancy: Int) -> String? {
        guard let possible = redundancies(ofDisperse: bricks) else {
            return "a set takes 3 to \(disperseBricksMax) bricks"
        }
        guard !possible.contains(redundancy) else { return nil }
        let range =
            possible.count == 1
            ? "\(possible.lowerBound)" : "\(possible.lowerBound) to \(possible.upperBound)"
        return "with \(bricks) bricks a set its redundancy can be \(range)"
    }

    /// How many bricks would do where `given` cannot be divided into sets of `size`.
    public static func advice(onBricks given: Int, setsOf size: Int) -> String {
        let fewer = given / size * size
        return fewer == 0 ? "give \(size)" : "give \(fewer) or \(fewer + size)"
    }
}
