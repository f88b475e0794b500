import GlusterModel
import Testing
import Volfile
import Volgen

/// Every volfile that real glusterd made of a volume is what Volgen makes of it. Accepted
/// differences are listed, with their reasons, in docs/volfiles.md.
@Suite struct GoldenTests {
    @Test(arguments: try GoldenCase.all())
    func everyVolfileIsEqual(golden: GoldenCase) throws {
        let roles = golden.roles
        for file in try golden.files() {
            let role = try #require(roles[file], "\(file) is of no role")
            let ours = try Volgen().volfile(
                of: golden.volume, for: role, audience: golden.audience(of: file),
                context: golden.context)
            try golden.compare(ours, file)
        }
    }

    /// glusterd writes the others when it needs them, or never.
    @Test(arguments: try GoldenCase.all())
    func clientsBricksAndHealersHaveVolfiles(golden: GoldenCase) throws {
        let name = golden.volume.name
        var needed: Set = ["\(name).tcp-fuse.vol", "trusted-\(name).tcp-fuse.vol"]
        needed.formUnion(golden.volume.topology.bricks.map(golden.brickFile))
        // A volume that was never started has none for its healer, and a snapshot is not healed.
        if golden.volume.wantsSelfHealDaemon, golden.name != "created",
            golden.context.snapshot == nil
        {
            needed.insert("\(name)-shd.vol")
        }
        #expect(needed.subtracting(try golden.files()) == [])
    }

    @Test(arguments: [
        ("quota", "quotad.vol", NodeDaemon.quotad), ("bitrot", "bitd-server.vol", .bitd),
        ("bitrot", "scrub-server.vol", .scrub), ("multiservices", "quotad.vol", .quotad),
        ("multiservices", "bitd-server.vol", .bitd), ("multiservices", "scrub-server.vol", .scrub),
    ])
    func aNodesDaemonHasAllItsVolumes(folder: String, file: String, daemon: NodeDaemon) throws {
        let cases = try GoldenCase.all()
            .filter { $0.name == folder || $0.name.hasPrefix(folder + "-") }
        let ours = try Volgen().volfile(
            of: cases.map { ($0.volume, $0.context) }, for: daemon,
            on: try #require(cases.first?.node))
        let text = try #require(GoldenCase.text("\(folder)/\(file)"))
        compareVolfiles(ours, try Volfile(parsing: text), "\(folder)/\(file)")
    }

    @Test func aNodesDaemonLeavesOutVolumesThatAreStoppedOrElsewhere() throws {
        let golden = try GoldenCase("bitrot")
        let node = try #require(golden.node)
        var stopped = golden.volume
        stopped.head.state = .stopped
        let none = try Volgen().volfile(
            of: [(stopped, golden.context)], for: .scrub, on: node)
        #expect(none.xlators.map(\.name) == ["scrub"])
        var generator = SystemRandomNumberGenerator()
        let elsewhere = try Volgen().volfile(
            of: [(golden.volume, golden.context)], for: .bitd, on: PeerID(using: &generator))
        #expect(elsewhere.xlators.map(\.name) == ["bitd"])
    }

    @Test func ofTheDebugXlatorsAllThatAreNotOffStandAtEachNamedPlace() throws {
        let golden = try GoldenCase("debugxl")
        var volume = golden.volume
        volume.options["debug.error-gen"] = "locks"
        volume.options["debug.delay-gen"] = "off"
        let brick = try Volgen().volfile(
            of: volume, for: .brick(index: 0), audience: Audience(isTrusted: true),
            context: golden.context)
        let names = brick.xlators.map(\.name)
        let locks = try #require(names.firstIndex(of: "debugxl-locks"))
        #expect(
            names[locks...].prefix(3) == [
                "debugxl-locks", "debugxl-trace", "debugxl-error-gen",
            ])
        #expect(!names.contains("debugxl-delay-gen"))
        #expect(brick.xlators[2].name == "debugxl-changelog", "posix is no longer named")
    }
}

extension GoldenCase {
    func compare(_ ours: Volfile, _ file: String) throws {
        let text = try #require(self.text(file), "no golden \(name)/\(file)")
        compareVolfiles(ours, try Volfile(parsing: text), "\(name)/\(file)")
    }
}

private func compareVolfiles(_ ours: Volfile, _ theirs: Volfile, _ file: String) {
    #expect(ours.xlators.map(\.name) == theirs.xlators.map(\.name), "\(file)")
    for (our, their) in zip(ours.xlators, theirs.xlators) where our != their {
        let extra = our.options.filter { !their.options.contains($0) }
        let missing = their.options.filter { !our.options.contains($0) }
        Issue.record(
            """
            \(file) \(their.name): extra \(extra.map { "\($0.key)=\($0.value)" }), \
            missing \(missing.map { "\($0.key)=\($0.value)" }), \
            type \(our.type == their.type), subvolumes \(our.subvolumes == their.subvolumes), \
            \(our.options.map(\.key) == their.options.map(\.key) ? "" : "order differs")
            """)
    }
}
