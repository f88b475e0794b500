import GD2Error
import RESTAPI
import Testing

@testable import CLICommands

/// What `volume info` prints, and the pairs of `volume set`.
@Suite struct VolumeTextTests {
    private static func subvolumes(
        _ count: Int, _ kind: Subvol.Kind, bricks size: Int, arbiter: Bool = false
    ) -> [Subvol] {
        (0..<count).map { set in
            let bricks = (0..<size).map { index in
                BrickInfo(
                    id: "i", path: "/b\(set)\(index)", volumeID: "v", volumeName: "gv0",
                    peerID: "p", host: "h\(index)",
                    type: arbiter && index == size - 1 ? .arbiter : .brick)
            }
            return Subvol(name: "s\(set)", type: kind, bricks: bricks)
        }
    }

    private static func replicate(
        _ kind: VolumeInfo.Kind, sets: Int, copies: Int, arbiters: Int
    ) -> VolumeInfo {
        let subvols = subvolumes(
            sets, .replicate, bricks: copies + arbiters, arbiter: arbiters > 0
        ).map { set in
            var set = set
            (set.replicaCount, set.arbiterCount) = (copies, arbiters)
            return set
        }
        return VolumeInfo(id: "v", name: "gv0", type: kind, state: .started, subvols: subvols)
    }

    private static func disperse(
        _ kind: VolumeInfo.Kind, sets: Int, data: Int, redundancy: Int
    ) -> VolumeInfo {
        let subvols = subvolumes(sets, .disperse, bricks: data + redundancy).map { set in
            var set = set
            set.disperseCount = data + redundancy
            (set.disperseDataCount, set.disperseRedundancyCount) = (data, redundancy)
            return set
        }
        return VolumeInfo(id: "v", name: "gv0", type: kind, state: .started, subvols: subvols)
    }

    @Test(
        arguments: [
            (replicate(.replicate, sets: 1, copies: 3, arbiters: 0), "1 x 3 = 3"),
            (replicate(.distributedReplicate, sets: 2, copies: 3, arbiters: 0), "2 x 3 = 6"),
            (replicate(.replicate, sets: 1, copies: 2, arbiters: 1), "1 x (2 + 1) = 3"),
            (replicate(.distributedReplicate, sets: 2, copies: 2, arbiters: 1), "2 x (2 + 1) = 6"),
            (disperse(.disperse, sets: 1, data: 4, redundancy: 2), "1 x (4 + 2) = 6"),
            (disperse(.distributedDisperse, sets: 2, data: 4, redundancy: 2), "2 x (4 + 2) = 12"),
            (
                VolumeInfo(
                    id: "v", name: "gv0", type: .distribute, state: .started,
                    subvols: subvolumes(3, .distribute, bricks: 1)), "3"
            ),
        ] as [(VolumeInfo, String)])
    func theLayoutIsWrittenAsGlusterdDoes(volume: VolumeInfo, layout: String) {
        #expect(VolumeInfoCommand.layout(volume) == layout)
    }

    @Test func theLinesAreThoseOfGlusterd() {
        var volume = Self.replicate(.replicate, sets: 1, copies: 2, arbiters: 0)
        volume.thinArbiter = ThinArbiterInfo(host: "h9", path: "/ta", peerID: "p9")
        volume.options = ["network.ping-timeout": "20", "a.b": "c"]
        #expect(
            VolumeInfoCommand.text(volume) == """
                Volume Name: gv0
                Type: Replicate
                Volume ID: v
                Status: Started
                Number of Bricks: 1 x 2 = 2
                Transport-type: tcp
                Bricks:
                Brick1: h0:/b00
                Brick2: h1:/b01
                Thin-arbiter-path: h9:/ta
                Options Reconfigured:
                a.b: c
                network.ping-timeout: 20

                """)
    }

    @Test func anOptionIsGivenOnce() throws {
        #expect(try VolumeSet.options(["a", "1", "b", "1"]) == ["a": "1", "b": "1"])
        let twice = #expect(throws: GD2Error.self) {
            try VolumeSet.options(["network.ping-timeout", "20", "network.ping-timeout", "30"])
        }
        #expect(twice == GD2Error(.invalid, "option network.ping-timeout is given twice"))
        let groups = #expect(throws: GD2Error.self) {
            try VolumeSet.options(["group", "virt", "group", "db-workload"])
        }
        #expect(groups?.message.contains("group is given twice") == true)
        #expect(throws: GD2Error.self) { try Pairs.parse(["owner=a", "owner=b"]) }
    }
}
