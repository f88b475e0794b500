import GlusterModel
import Placement
import Seeded
import Testing

@Suite struct ReplacementTests {
    private static func peer(_ number: UInt64) -> PeerID { PeerID(high: 1, low: number) }

    /// Brick N on host N, `/b/N`.
    private static func topology(
        _ layout: SubvolumeLayout, sets: Int = 1, thinArbiter: Bool = false
    ) throws -> Topology {
        var generator = SplitMix(seed: 3)
        let size = layout.bricksCount
        let bricks = try (0..<sets * size).map { index in
            var isArbiter = false
            if case .replicate(_, true) = layout { isArbiter = index % size == size - 1 }
            return Brick(
                id: BrickID(using: &generator), peer: peer(UInt64(index)),
                path: try BrickPath(validating: "/b/\(index)"), index: index, isArbiter: isArbiter)
        }
        let path = try BrickPath(validating: "/ta")
        return Topology(
            layout: layout, bricks: bricks,
            thinArbiter: thinArbiter ? .elsewhere(host: "x", path: path) : nil)
    }

    private static func replace(
        _ index: Int, of topology: Topology, by host: UInt64, _ path: String, force: Bool = false
    ) throws -> Replacement {
        var generator = SplitMix(seed: 5)
        return try Replacement(
            of: topology.bricks[index], in: topology,
            by: .init(peer: peer(host), path: try BrickPath(validating: path)), force: force,
            using: &generator)
    }

    private static let replica = SubvolumeLayout.replicate(copies: 3, arbiter: false)
    private static let arbiter = SubvolumeLayout.replicate(copies: 2, arbiter: true)
    private static let disperse = SubvolumeLayout.disperse(bricks: 3, redundancy: 1)

    @Test func theNewBrickKeepsPlaceAndIndexAndHasAnIDOfItsOwn() throws {
        let before = try Self.topology(Self.arbiter, sets: 2)
        let done = try Self.replace(5, of: before, by: 9, "/n")
        #expect(done.new.index == 5 && done.new.isArbiter && done.new.id != done.old.id)
        #expect(done.topology.bricks[5] == done.new)
        #expect(done.topology.bricks.prefix(5) == before.bricks.prefix(5))
        #expect(done.others == Array(before.bricks[3...4]))
        #expect(done.topology.layout == before.layout)
    }

    /// What begins with `/b/2` is brick 2, on host 2.
    @Test(arguments: [
        (host: 2, path: "/b/2", force: true, says: "replaced by itself"),
        (2, "/b/2/sub", true, "apart from it"),
        (2, "/b", true, "apart from it"),
        (1, "/b/1", true, "apart from it"),
        (2, "/b-2", true, "would both be called b-2"),
        (1, "/n", false, "more than one brick on one host"),
    ]) func impossiblePlacesAreRefused(
        host: UInt64, path: String, force: Bool, says: String
    ) throws {
        let topology = try Self.topology(Self.replica)
        let error = #expect(throws: ReplacementError.self) {
            try Self.replace(2, of: topology, by: host, path, force: force)
        }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func aPlaceOnTheSameHostOrOfAnotherSetNeedsNoForce() throws {
        let topology = try Self.topology(Self.replica, sets: 2)
        _ = try Self.replace(2, of: topology, by: 2, "/n")
        _ = try Self.replace(2, of: topology, by: 3, "/n")
        _ = try Self.replace(2, of: topology, by: 1, "/n", force: true)
    }

    @Test func volumesWithoutCopiesOrWithAThinArbiterAreRefused() throws {
        #expect(throws: ReplacementError.distribute) {
            try Self.replace(0, of: Self.topology(.distribute, sets: 3), by: 9, "/n", force: true)
        }
        let thin = try Self.topology(.replicate(copies: 2, arbiter: false), thinArbiter: true)
        #expect(throws: ReplacementError.thinArbiter) {
            try Self.replace(0, of: thin, by: 9, "/n", force: true)
        }
    }

    /// Of the first set brick 0 is replaced; who of 1 and 2 is online.
    @Test(
        arguments: [
            (replica, [1], true), (replica, [2], true), (replica, [], false),
            (arbiter, [1], true), (arbiter, [2], false), (arbiter, [1, 2], true),
            (arbiter, [], false),
            (disperse, [1, 2], true), (disperse, [1], false), (disperse, [], false),
            // The brick itself, and those of another set, do not count.
            (replica, [0, 3, 4, 5], false), (disperse, [0, 1, 3, 4], false),
        ] as [(SubvolumeLayout, Set<Int>, Bool)]) func othersOfTheSetHaveToHaveTheData(
            layout: SubvolumeLayout, online: Set<Int>, isEnough: Bool
        ) throws
    {
        let done = try Self.replace(0, of: Self.topology(layout, sets: 2), by: 9, "/n")
        if isEnough {
            try done.checkData(online: online)
        } else {
            #expect(throws: ReplacementError.self) { try done.checkData(online: online) }
        }
    }
}
