import GlusterModel
import Placement
import Seeded
import Testing

@Suite struct PlacementTests {
    /// `bricks` bricks, each on a host of its own within a subvolume.
    private static func subvolume(
        _ type: String, _ bricks: Int, hosts: Int = 1_000, from first: Int = 0,
        _ change: (inout VolumeWish.Subvolume) -> Void = { _ in }
    ) throws -> VolumeWish.Subvolume {
        let bricks = try (first..<first + bricks).map { index in
            VolumeWish.BrickWish(
                peer: PeerID(high: 1, low: UInt64(index % hosts)),
                path: try BrickPath(validating: "/bricks/b\(index)"))
        }
        var wish = VolumeWish.Subvolume(type: type, bricks: bricks)
        change(&wish)
        return wish
    }

    private static func place(
        _ subvolumes: [VolumeWish.Subvolume], force: Bool = false
    ) throws(PlacementError) -> Topology {
        try place(VolumeWish(subvolumes: subvolumes, force: force))
    }

    private static func place(_ wish: VolumeWish) throws(PlacementError) -> Topology {
        var generator = SplitMix(seed: 7)
        return try Placement.topology(for: wish, using: &generator)
    }

    struct Form: CustomStringConvertible {
        var type: String
        var bricks: Int
        var copies, arbiters, disperse, data, redundancy: Int?

        var description: String {
            "\(type) \(bricks) \([copies, arbiters, disperse, data, redundancy].map { $0 ?? -9 })"
        }

        func wish(from first: Int = 0) throws -> VolumeWish.Subvolume {
            try PlacementTests.subvolume(type, bricks, from: first) { wish in
                wish.copies = copies
                wish.arbiters = arbiters
                wish.disperse = disperse
                wish.disperseData = data
                wish.redundancy = redundancy
            }
        }
    }

    @Test(arguments: [
        (Form(type: "distribute", bricks: 1), SubvolumeLayout.distribute, 1),
        (Form(type: "", bricks: 3), .distribute, 3),
        (Form(type: "Replicate", bricks: 2), .replicate(copies: 2, arbiter: false), 1),
        (Form(type: "replicate", bricks: 3, copies: 3), .replicate(copies: 3, arbiter: false), 1),
        (Form(type: "replicate", bricks: 6, copies: 2), .replicate(copies: 2, arbiter: false), 3),
        (
            Form(type: "replicate", bricks: 3, copies: 2, arbiters: 1),
            .replicate(copies: 2, arbiter: true), 1
        ),
        (Form(type: "replicate", bricks: 3, arbiters: 1), .replicate(copies: 2, arbiter: true), 1),
        (
            Form(type: "replicate", bricks: 6, copies: 2, arbiters: 1),
            .replicate(copies: 2, arbiter: true), 2
        ),
        (Form(type: "disperse", bricks: 3), .disperse(bricks: 3, redundancy: 1), 1),
        (Form(type: "disperse", bricks: 4), .disperse(bricks: 4, redundancy: 1), 1),
        (Form(type: "disperse", bricks: 6), .disperse(bricks: 6, redundancy: 2), 1),
        (Form(type: "disperse", bricks: 11), .disperse(bricks: 11, redundancy: 3), 1),
        (Form(type: "disperse", bricks: 31), .disperse(bricks: 31, redundancy: 15), 1),
        (Form(type: "disperse", bricks: 19), .disperse(bricks: 19, redundancy: 3), 1),
        (Form(type: "replicate", bricks: 16), .replicate(copies: 16, arbiter: false), 1),
        (Form(type: "disperse", bricks: 6, disperse: 3), .disperse(bricks: 3, redundancy: 1), 2),
        (Form(type: "disperse", bricks: 6, data: 4), .disperse(bricks: 6, redundancy: 2), 1),
        (
            Form(type: "disperse", bricks: 12, data: 4, redundancy: 2),
            .disperse(bricks: 6, redundancy: 2), 2
        ),
        (
            Form(type: "disperse", bricks: 5, disperse: 5, data: 0, redundancy: 2),
            .disperse(bricks: 5, redundancy: 2), 1
        ),
    ])
    func whatIsPossibleIsPlaced(form: Form, layout: SubvolumeLayout, subvolumes: Int) throws {
        let topology = try Self.place([form.wish()])
        #expect(topology.layout == layout)
        #expect(topology.subvolumes.count == subvolumes)
        #expect(topology.bricks.map(\.index) == Array(0..<form.bricks))
        #expect(Set(topology.bricks.map(\.id)).count == form.bricks)
        for subvolume in topology.subvolumes {
            #expect(subvolume.count == layout.bricksCount)
            let arbiters = subvolume.map(\.isArbiter)
            #expect(arbiters.dropLast().allSatisfy { !$0 })
            #expect(arbiters.last == (layout == .replicate(copies: 2, arbiter: true)))
        }
    }

    @Test(arguments: [
        (Form(type: "distribute", bricks: 0), PlacementError.noBricks, "HOST:/PATH"),
        (
            Form(type: "mirror", bricks: 2), .unknownType("mirror"),
            "distribute, replicate, disperse"
        ),
        (Form(type: "replicate", bricks: 1), .badReplica(1), "2 to 16 copies"),
        (Form(type: "replicate", bricks: 2, copies: 1), .badReplica(1), "2 to 16 copies"),
        (Form(type: "replicate", bricks: 2, copies: 0), .badReplica(0), "2 to 16 copies"),
        (Form(type: "replicate", bricks: 2, arbiters: 1), .badReplica(1), "2 to 16 copies"),
        (
            Form(type: "replicate", bricks: 4, copies: 3, arbiters: 1), .badArbiter(1, copies: 3),
            "replica 3 arbiter 1"
        ),
        (
            Form(type: "replicate", bricks: 4, copies: 2, arbiters: 2), .badArbiter(2, copies: 2),
            "replica 3 arbiter 1"
        ),
        (
            Form(type: "replicate", bricks: 4, copies: 3), .bricksCount(given: 4, multipleOf: 3),
            "give 3 or 6"
        ),
        (
            Form(type: "disperse", bricks: 2), .badDisperse(bricks: 2, redundancy: 1),
            "3 to 31 bricks"
        ),
        (
            Form(type: "disperse", bricks: 4, redundancy: 2),
            .badDisperse(bricks: 4, redundancy: 2), "with 4 bricks a set its redundancy can be 1"
        ),
        (
            Form(type: "disperse", bricks: 6, disperse: 6, data: 3, redundancy: 2),
            .badDisperse(bricks: 6, redundancy: 2), "do not add up"
        ),
        (
            Form(type: "disperse", bricks: 4, data: 4), .badDisperse(bricks: 4, redundancy: 0),
            "its redundancy can be 1"
        ),
        // No client of GlusterFS mounts these.
        (Form(type: "replicate", bricks: 17), .badReplica(17), "2 to 16 copies"),
        (
            Form(type: "disperse", bricks: 18, redundancy: 1),
            .badDisperse(bricks: 18, redundancy: 1), "can be 2 to 8"
        ),
        (
            Form(type: "disperse", bricks: 32), .badDisperse(bricks: 32, redundancy: 1),
            "3 to 31 bricks"
        ),
        (
            Form(type: "disperse", bricks: 5, disperse: 3), .bricksCount(given: 5, multipleOf: 3),
            "give 3 or 6"
        ),
    ])
    func whatIsImpossibleIsRefusedWithWhatWouldBe(
        form: Form, error: PlacementError, hint: String
    ) {
        #expect(throws: error) { try Self.place([form.wish()]) }
        #expect(error.description.contains(hint))
    }

    @Test(arguments: [Int.max, Int.min, -1, 4_097])
    func anImpossibleNumberIsRefusedAndNeverTraps(number: Int) throws {
        let paths: [WritableKeyPath<VolumeWish.Subvolume, Int?>] = [
            \.copies, \.arbiters, \.disperse, \.disperseData, \.redundancy,
        ]
        for type in ["distribute", "replicate", "disperse", "x"] {
            for path in paths {
                let wish = try Self.subvolume(type, 3) { $0[keyPath: path] = number }
                #expect(throws: PlacementError.badNumber(number)) { try Self.place([wish]) }
            }
        }
    }

    @Test func numbersAtRandomNeverTrapAndFitWhenAccepted() throws {
        var generator = SplitMix(seed: 20_260)
        let pool = [nil, 0, 1, 2, 3, 4, 6, 4_096, .max, .min]
        for _ in 0..<5_000 {
            func number() -> Int? { pool.randomElement(using: &generator) ?? nil }
            let type = ["distribute", "replicate", "disperse"].randomElement(using: &generator)
            let form = Form(
                type: type ?? "", bricks: Int.random(in: 0...12, using: &generator),
                copies: number(), arbiters: number(), disperse: number(), data: number(),
                redundancy: number())
            guard let topology = try? Self.place([form.wish()], force: true) else { continue }
            #expect(topology.bricks.count == form.bricks, "\(form)")
            #expect(form.bricks.isMultiple(of: topology.layout.bricksCount), "\(form)")
            if case .disperse(let bricks, let redundancy) = topology.layout {
                #expect(redundancy >= 1 && redundancy * 2 < bricks, "\(form)")
            }
        }
    }

    @Test func gd2sFormHasOneEntryASubvolume() throws {
        let form = Form(type: "replicate", bricks: 3, copies: 2, arbiters: 1)
        let topology = try Self.place([form.wish(), form.wish(from: 3)])
        #expect(topology.layout == .replicate(copies: 2, arbiter: true))
        #expect(topology.bricks.map(\.isArbiter) == [false, false, true, false, false, true])
        let other = Form(type: "replicate", bricks: 3, copies: 3)
        #expect(throws: PlacementError.mixed) {
            try Self.place([form.wish(), other.wish(from: 3)])
        }
    }

    @Test func aThinArbiterNeedsTwoCopiesAndAHostOfItsOwn() throws {
        let pair = try Form(type: "replicate", bricks: 2, copies: 2).wish()
        let path = try BrickPath(validating: "/ta")
        let elsewhere = VolumeWish.ThinArbiter.elsewhere(host: "far", path: path)
        var wish = VolumeWish(subvolumes: [pair], force: false)
        wish.thinArbiter = elsewhere
        #expect(try Self.place(wish).thinArbiter == .elsewhere(host: "far", path: path))
        wish.thinArbiter = .peer(.init(peer: pair.bricks[1].peer, path: path))
        #expect(throws: PlacementError.thinArbiterWithBricks) { try Self.place(wish) }
        wish.force = true
        #expect(try Self.place(wish).allBricks.map(\.index) == [0, 1, 2])
        let other = try Form(type: "replicate", bricks: 2, copies: 2).wish(from: 2)
        wish.subvolumes = [pair, other]
        #expect(try Self.place(wish).allBricks.map(\.index) == [0, 1, 3, 4, 5])
        wish.thinArbiter = elsewhere
        #expect(try Self.place(wish).bricks.map(\.index) == [0, 1, 3, 4], "as with glusterd")
        wish.thinArbiter = .peer(pair.bricks[0])
        #expect(throws: PlacementError.self) { try Self.place(wish) }
        for other in [
            Form(type: "replicate", bricks: 3, copies: 3), Form(type: "distribute", bricks: 2),
            Form(type: "replicate", bricks: 3, copies: 2, arbiters: 1),
        ] {
            wish = VolumeWish(subvolumes: [try other.wish()], force: true)
            wish.thinArbiter = elsewhere
            #expect(throws: PlacementError.badThinArbiter) { try Self.place(wish) }
        }
    }

    @Test func oneHostTwiceInASetNeedsForceAndSaysSo() throws {
        let wish = try Self.subvolume("replicate", 4, hosts: 3) { $0.copies = 4 }
        let host = PeerID(high: 1, low: 0)
        #expect(throws: PlacementError.sameHost(host, subvolume: 0)) { try Self.place([wish]) }
        #expect(PlacementError.sameHost(host, subvolume: 0).description.contains("add force"))
        #expect(try Self.place([wish], force: true).bricks.count == 4)
        let spread = try Self.subvolume("distribute", 4, hosts: 1)
        #expect(try Self.place([spread]).bricks.count == 4)
    }

    @Test(arguments: [
        ("/b", "/b", true), ("/b", "/b/c", true), ("/b", "/b1", false), ("/b/c", "/b", true),
        ("/b", "/b-c/d", false),
    ])
    func bricksOfOneHostDoNotOverlap(one: String, other: String, overlap: Bool) throws {
        let host = PeerID(high: 1, low: 1)
        // Between the two in the order of bytes, and below neither.
        let bricks = try [one, "/b!", other].map {
            VolumeWish.BrickWish(peer: host, path: try BrickPath(validating: $0))
        }
        let wish = VolumeWish.Subvolume(type: "distribute", bricks: bricks)
        if overlap {
            #expect(throws: PlacementError.self) { try Self.place([wish], force: true) }
        } else {
            #expect(try Self.place([wish]).bricks.count == 3)
        }
    }

    @Test func twoBricksOfOneHostMayNotHaveOneNameInVolfiles() throws {
        let wishes = try [(1, "/a/b"), (1, "/a-b"), (2, "/a/b"), (1, "/a/c")].map { host, path in
            VolumeWish.BrickWish(
                peer: PeerID(high: 1, low: UInt64(host)), path: try BrickPath(validating: path))
        }
        let both = VolumeWish.Subvolume(type: "distribute", bricks: wishes)
        #expect(throws: PlacementError.self) { try Self.place([both], force: true) }
        let apart = VolumeWish.Subvolume(type: "distribute", bricks: Array(wishes.dropFirst()))
        #expect(try Self.place([apart]).bricks.count == 3)
    }

    @Test func aSetWithoutBricksIsRefused() throws {
        let host = PeerID(high: 1, low: 1)
        let one = VolumeWish.Subvolume(
            type: "distribute",
            bricks: [.init(peer: host, path: try BrickPath(validating: "/b"))])
        let none = VolumeWish.Subvolume(type: "distribute", bricks: [])
        for wish in [[one, none], [none, one]] {
            #expect(throws: PlacementError.noBricks) { try Self.place(wish) }
        }
    }
}
