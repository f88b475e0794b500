import GlusterModel
import Testing
import Volfile
import Volgen

/// Every volfile that real glusterd made of a volume is what Volgen makes of it. Accepted
/// differences are listed, with their reasons, in docs/volfiles.md.
@Suite struct GoldenTests {
    @Test(arguments: try GoldenCase.all())
    func clientVolfilesAreEqual(golden: GoldenCase) throws {
        for (isTrusted, file) in [
            (false, "\(golden.volume.name).tcp-fuse.vol"),
            (true, "trusted-\(golden.volume.name).tcp-fuse.vol"),
        ] {
            let ours = try Volgen().volfile(
                of: golden.volume, for: .client, audience: Audience(isTrusted: isTrusted),
                context: golden.context)
            try compare(ours, golden, file)
        }
    }

    @Test(arguments: try GoldenCase.all())
    func brickVolfilesAreEqual(golden: GoldenCase) throws {
        for brick in golden.volume.topology.bricks {
            let ours = try Volgen().volfile(
                of: golden.volume, for: .brick(index: brick.index),
                audience: Audience(isTrusted: true), context: golden.context)
            try compare(ours, golden, golden.brickFile(brick))
        }
    }

    @Test(arguments: try GoldenCase.all().filter { $0.volume.topology.layout.isHealed })
    func selfHealVolfilesAreEqual(golden: GoldenCase) throws {
        guard golden.text("\(golden.volume.name)-shd.vol") != nil else {
            // glusterd writes none for a volume that it never started or does not heal.
            #expect(!golden.volume.wantsSelfHealDaemon || golden.name == "created")
            return
        }
        let ours = try Volgen().volfile(
            of: golden.volume, for: .selfHeal, audience: Audience(isTrusted: true),
            context: golden.context)
        try compare(ours, golden, "\(golden.volume.name)-shd.vol")
    }

    private func compare(_ ours: Volfile, _ golden: GoldenCase, _ file: String) throws {
        let text = try #require(golden.text(file), "no golden \(golden.name)/\(file)")
        let theirs = try Volfile(parsing: text)
        #expect(ours.xlators.map(\.name) == theirs.xlators.map(\.name), "\(file)")
        for (our, their) in zip(ours.xlators, theirs.xlators) where our != their {
            let extra = our.options.filter { !their.options.contains($0) }
            let missing = their.options.filter { !our.options.contains($0) }
            Issue.record(
                """
                \(golden.name)/\(file) \(their.name): \
                extra \(extra.map { "\($0.key)=\($0.value)" }), \
                missing \(missing.map { "\($0.key)=\($0.value)" }), \
                subvolumes \(our.subvolumes == their.subvolumes), \
                \(our.options.map(\.key) == their.options.map(\.key) ? "" : "order differs")
                """)
        }
    }
}
