import CLinux
import FoundationEssentials
import GD2Error
import Glibc
import GlusterModel
import StoreAPI
import StoreMirror
import TemporaryFolder
import Testing
import Transaction

@testable import BrickService

/// Directories that take another brick's place, on real directories.
@Suite(.enabled(if: geteuid() == 0, "trusted extended attributes need root"))
struct ReplacementDirectoryTests {
    private static let volume = VolumeID(high: 1, low: 1)
    private static let other = VolumeID(high: 2, low: 2)

    private func withFolder(_ body: (String, BrickDirectory) throws -> Void) throws {
        try TemporaryFolder.with(onDisk: true) { folder in
            try body(folder, BrickDirectory(path: try BrickPath(validating: folder)))
        }
    }

    private func value(_ name: String, _ path: String) -> [UInt8]? {
        BrickDirectory.read(name, path)
    }

    @Test func anEmptyOneIsMarkedUntilTheOthersKnow() throws {
        try withFolder { _, brick in
            for _ in 0..<2 {
                try brick.checkEmpty()
                try brick.markEmpty(Self.volume)
                try brick.mark(Self.volume)
            }
            #expect(brick.isEmptyReplacement(of: Self.volume))
            #expect(!brick.isEmptyReplacement(of: Self.other))
            #expect(brick.problem(Self.volume) == nil)
            for _ in 0..<2 { try brick.makeNew(isReplicated: true) }
            try brick.settleReplacement()
            #expect(!brick.isEmptyReplacement(of: Self.volume) && brick.isMarked(Self.volume))
            #expect(
                value("trusted.afr.dirty", brick.text) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        }
    }

    @Test(arguments: [true, false]) func anUndoLeavesItAsItWas(isHalf: Bool) throws {
        try withFolder { folder, brick in
            try brick.markEmpty(Self.volume)
            if !isHalf { try brick.mark(Self.volume) }
            for _ in 0..<2 { brick.undoMark(Self.volume) }
            #expect(value("trusted.gd2.empty-for", folder) == nil && !brick.isMarked(Self.volume))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func anUndoGivesTheMarkOfAnotherVolumeBack() throws {
        try withFolder { folder, brick in
            try brick.mark(Self.other)
            try brick.markEmpty(Self.volume)
            try brick.mark(Self.volume)
            brick.undoMark(Self.volume)
            #expect(brick.isMarked(Self.other) && value("trusted.gd2.empty-for", folder) == nil)
        }
    }

    @Test(arguments: ["file", ".hidden", ".glusterfs/00"])
    func oneThatHoldsAnythingIsRefused(name: String) throws {
        try withFolder { folder, brick in
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            let error = #expect(throws: GD2Error.self) { try brick.checkEmpty() }
            #expect(error?.code == .conflict && error?.message.contains("is not empty") == true)
        }
    }

    @Test func whatAFileSystemHasByItselfDoesNotCount() throws {
        try withFolder { folder, brick in
            for name in ["lost+found", ".glusterfs"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: false)
            }
            try brick.checkEmpty()
        }
    }

    @Test func whatAnEarlierLifeLeftAccusesNobody() throws {
        try withFolder { folder, brick in
            let stale = ["trusted.afr.gv0-client-1", "trusted.glusterfs.dht", "trusted.gfid"]
            for name in stale + ["trusted.mine"] { setxattr(folder, name, "x", 1, 0) }
            try brick.makeNew(isReplicated: false)
            for name in stale { #expect(value(name, folder) == nil, "\(name)") }
            #expect(value("trusted.mine", folder) != nil)
            #expect(value("trusted.afr.dirty", folder) == nil)
        }
    }
}

@Suite struct LiftedFencesTests {
    private static func state(generation: Int?) throws -> (StoredFence, ClusterState) {
        let id = VolumeID(high: 1, low: 1)
        let name = try VolumeName(validating: "gv0")
        let fence = StoredFence(
            volume: id, name: name, generation: 3, by: "root", job: JobID(high: 1, low: 1),
            sinceMs: 1)
        var state = ClusterState()
        if let generation {
            state.volumes[id] = Volume(
                head: VolumeHead(
                    id: id, name: name, state: .started, generation: generation, bricksCount: 0,
                    digest: ""), topology: Topology(layout: .distribute, bricks: []), options: [:])
        }
        return (fence, state)
    }

    @Test(arguments: [(2, false), (3, true), (4, true), (nil, true)] as [(Int?, Bool)])
    func aFenceIsOverWhenTheChangeIsKnown(generation: Int?, isOver: Bool) throws {
        let (fence, state) = try Self.state(generation: generation)
        #expect(LiftedFences.isOver(fence, state) == isOver)
    }

    @Test func aVolumeThatCannotBeReadIsNotGone() throws {
        var (fence, state) = try Self.state(generation: nil)
        state.unreadableVolumes = [fence.volume]
        fence.generation = 1
        #expect(!LiftedFences.isOver(fence, state))
    }
}

/// A new brick waits for the end of the one in whose place it comes.
@Suite struct OldBrickWaitTests {
    private static func view(_ operation: TransactionRecord.Operation) throws -> MirrorView {
        let identity = StoreIdentity(
            cluster: ClusterID(high: 1, low: 1), peer: PeerID(high: 2, low: 2), epoch: Epoch(1))
        let id = TransactionID(high: 3, low: 3)
        let arguments = BrickArguments(
            volume: VolumeID(high: 1, low: 1), name: try VolumeName(validating: "gv0"), bricks: [],
            flags: BrickFlags())
        var record = TransactionRecord(
            id: id, owner: IncarnationID(high: 4, low: 4), lock: "volume/gv0",
            fence: FencingToken(epoch: Epoch(1), token: 1), operation: operation,
            steps: [Step(action: .removeBricks, peer: identity.peer, arguments: arguments)])
        record.phase = .committed(step: 0)
        let key = identity.keys.transaction(id)
        let value = KeyValue(
            key: key, value: try RecordCoding.encode(record), createRevision: 1, modRevision: 1)
        return MirrorView(identity: identity, revision: 1, values: MirroredValues([value]))
    }

    @Test func aJournalOfTheVolumesReplacementIsWaitedFor() throws {
        let view = try Self.view(.replaceBrick)
        #expect(BrickAnnouncer.isReplacing(VolumeID(high: 1, low: 1), view))
        #expect(!BrickAnnouncer.isReplacing(VolumeID(high: 9, low: 9), view))
    }

    @Test func othersAreNot() throws {
        let id = VolumeID(high: 1, low: 1)
        #expect(try !BrickAnnouncer.isReplacing(id, Self.view(.deleteVolume)))
        #expect(!BrickAnnouncer.isReplacing(id, MirrorView()))
    }
}
