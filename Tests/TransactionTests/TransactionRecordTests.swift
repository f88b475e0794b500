import FoundationEssentials
import GlusterModel
import Testing
import Transaction

@Suite struct TransactionRecordTests {
    private static func record(_ id: UInt64, _ bricks: [(peer: UInt64, path: String)]) throws
        -> TransactionRecord
    {
        let volume = VolumeID(high: 9, low: id)
        let name = try VolumeName(validating: "gv\(id)")
        let steps = try bricks.map { peer, path in
            let brick = Brick(
                id: BrickID(high: 0, low: id), peer: PeerID(high: 0, low: peer),
                path: try BrickPath(validating: path), index: 0)
            return Step(
                action: .prepareBricks, peer: brick.peer,
                arguments: BrickArguments(
                    volume: volume, name: name, bricks: [brick], flags: BrickFlags()))
        }
        return TransactionRecord(
            id: TransactionID(high: 0, low: id), owner: IncarnationID(high: 0, low: 1),
            lock: "volume/\(name)", fence: FencingToken(epoch: Epoch(1), token: 1),
            operation: .createVolume, steps: steps)
    }

    @Test(
        arguments: [
            ([(1, "/b/x")], true), ([(1, "/b")], true), ([(1, "/b/x/y")], true),
            ([(1, "/b/y")], false), ([(2, "/b/x")], false), ([(2, "/b/x"), (1, "/b/x")], true),
        ] as [([(UInt64, String)], Bool)])
    func aRivalIsAtWorkInTheSamePlace(bricks: [(UInt64, String)], isRival: Bool) throws {
        let own = try Self.record(1, [(1, "/b/x")])
        let other = try Self.record(2, bricks)
        #expect(own.rival(of: 0, among: [own]) == nil)
        let found = own.rival(of: 0, among: [own, other])
        #expect((found?.transaction == other) == isRival)
        #expect(own.rival(of: 5, among: [own, other]) == nil)
    }

    @Test(
        arguments: [
            (Phase.running(step: 0), true), (.undoing(step: 1, cause: ""), true),
            (.undoing(step: 0, cause: ""), false), (.undoing(step: -1, cause: ""), false),
            (.committed(step: 1), true), (.committed(step: 2), false),
        ])
    func aStepThatIsOverClaimsNothing(phase: Phase, isRival: Bool) throws {
        let own = try Self.record(1, [(1, "/b/x")])
        var other = try Self.record(2, [(2, "/b/x"), (1, "/b/x")])
        other.phase = phase
        #expect((own.rival(of: 0, among: [other]) != nil) == isRival)
    }

    @Test func whatIsLeftTouchesBricksOfItsNodeInOneAnother() throws {
        var aborted = try Self.record(1, [(1, "/b/x")])
        aborted.phase = .undoing(step: 0, cause: "")
        let left = try #require(Leftover(of: aborted, step: 0))
        for (peer, path, touches) in [
            (1, "/b/x", true), (1, "/b", true), (1, "/b/x/y", true), (1, "/b/y", false),
            (2, "/b/x", false),
        ] as [(UInt64, String, Bool)] {
            #expect(left.touches(try Self.record(2, [(peer, path)]).steps[0]) == touches)
        }
        // Earlier versions read what stands below `txns/` as journals; this is none.
        let bytes = try JSONEncoder().encode(left)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TransactionRecord.self, from: bytes)
        }
        #expect(try JSONDecoder().decode(Leftover.self, from: bytes) == left)
    }
}
