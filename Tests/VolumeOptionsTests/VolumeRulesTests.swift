import GlusterModel
import Testing
import VolumeOptions

/// What one volume cannot have though another could.
@Suite struct VolumeRulesTests {
    private let table = OptionTable.standard
    private static let least = "performance.cache-min-file-size"
    private static let most = "performance.cache-max-file-size"

    private func volume(_ options: [String: String] = [:]) throws -> Volume {
        let bricks = try (0..<3).map { index in
            Brick(
                id: BrickID(high: 0, low: UInt64(index)), peer: PeerID(high: 0, low: 1),
                path: try BrickPath(validating: "/bricks/\(index)"), index: index)
        }
        let head = VolumeHead(
            id: VolumeID(high: 0, low: 1), name: try VolumeName(validating: "gv0"),
            state: .created, generation: 1, bricksCount: 3, digest: "")
        return Volume(
            head: head,
            topology: Topology(layout: .replicate(copies: 3, arbiter: false), bricks: bricks),
            options: options)
    }

    @Test(arguments: [
        ["cluster.read-subvolume-index": "2"], ["cluster.read-subvolume-index": "-1"],
        [least: "1MB", most: "1MB"], [least: "0"], [most: "1KB"],
        ["performance.aggregate-size": "1MB"],
        [
            "performance.aggregate-size": "2MB", "performance.write-behind-window-size": "4MB",
        ],
    ])
    func whatGoesTogetherIsTaken(changes: [String: String]) throws {
        #expect(try table.validate(changes, of: volume()) == changes)
    }

    /// With each of these no client could mount the volume (afr.c, io-cache.c and write-behind.c,
    /// `init`).
    @Test(arguments: [
        ["cluster.read-subvolume-index": "3"], ["cluster.read-subvolume-index": "-2"],
        [least: "1"], [least: "2MB", most: "1MB"], ["performance.aggregate-size": "2MB"],
        [
            "performance.aggregate-size": "1MB", "performance.write-behind-window-size": "512KB",
        ],
    ])
    func whatDoesNotGoTogetherIsRefused(changes: [String: String]) throws {
        let volume = try volume()
        #expect(throws: OptionError.self) { try table.validate(changes, of: volume) }
    }

    @Test(arguments: [
        ([most], [least: "1MB"], false), ([least], [most: "1MB"], true),
        ([least, most], [:], true),
        // What was so before is not of this reset.
        (["network.ping-timeout"], [least: "1MB"], true),
    ])
    func aResetLeavesNothingThatDoesNotGoTogether(
        keys: [String], after: [String: String], isTaken: Bool
    ) throws {
        let volume = try volume([Self.least: "1MB", Self.most: "2MB"])
        let result = Result { () throws(OptionError) in
            try table.checkReset(of: keys, of: volume, leaving: after)
        }
        #expect(((try? result.get()) != nil) == isTaken)
    }

    @Test(arguments: ["cluster.switch", "network.compression", "storage.linux-aio"])
    func whatDoesHarmStaysOff(key: String) throws {
        #expect(try table.validate(key, "disable").value == "off")
        let error = #expect(throws: OptionError.self) { try table.validate(key, "on") }
        #expect(error?.description.contains("stays off") == true)
    }
}
