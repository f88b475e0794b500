import GlusterModel
import Testing
import Volfile
import Volgen

@Suite struct ThinArbiterTests {
    /// GlusterFS ships `thin-arbiter.vol`; only the server differs, which has the volume's
    /// credentials, and the storage, which proves the volume.
    @Test func theGraphIsTheShippedOneWithCredentials() throws {
        let golden = try GoldenCase("ta")
        var volume = golden.volume
        let path = try #require(volume.topology.thinArbiter?.path)
        var generator = SystemRandomNumberGenerator()
        let brick = Brick(
            id: BrickID(using: &generator), peer: volume.topology.bricks[0].peer, path: path,
            index: 2)
        volume.topology.thinArbiter = .brick(brick)
        let ours = try Volgen().volfile(
            of: volume, for: .thinArbiter, audience: Audience(isTrusted: true),
            context: golden.context)
        let text = try #require(GoldenCase.text("thin-arbiter.vol"))
        let theirs = try Volfile(parsing: text)
        #expect(ours.xlators.map(\.type) == theirs.xlators.map(\.type))
        for (our, their) in zip(ours.xlators, theirs.xlators).dropFirst().dropLast() {
            let pairs = { (xlator: Xlator) in
                Dictionary(xlator.options.map { ($0.key, $0.value) }) { $1 }
            }
            #expect(pairs(our) == pairs(their), "\(our.name)")
        }
        let credentials = golden.context.credentials
        #expect(ours.xlators.first?["volume-id"] == volume.id.description)
        #expect(
            ours.xlators.last?["auth.login.\(path).allow"] == credentials.username)
    }

    @Test func clientsAreSentToThePeersAddress() throws {
        let golden = try GoldenCase("ta")
        var volume = golden.volume
        let peer = volume.topology.bricks[1].peer
        var generator = SystemRandomNumberGenerator()
        volume.topology.thinArbiter = .brick(
            Brick(
                id: BrickID(using: &generator), peer: peer,
                path: try BrickPath(validating: "/ta"), index: 2))
        let client = try Volgen().volfile(
            of: volume, for: .client, audience: Audience(isTrusted: false),
            context: golden.context)
        let arbiter = try #require(client.xlators.first { $0.name == "ta-ta-2" })
        #expect(arbiter["remote-host"] == "n2")
        #expect(arbiter["remote-subvolume"] == "/ta")
        let set = try #require(client.xlators.first { $0.name == "ta-replicate-0" })
        #expect(set["thin-arbiter"] == "n2:/ta")
    }

    /// On a peer the port is another one at each start.
    @Test(arguments: [VolfileRole.client, .selfHeal, .rebalance])
    func thePortIsOfAThinArbiterElsewhereAlone(role: VolfileRole) throws {
        let golden = try GoldenCase("distta")
        var volume = golden.volume
        volume.options["client.ta-brick-port"] = "24009"
        let elsewhere = try ports(of: volume, role, golden.context)
        #expect(elsewhere == ["distta-ta-2": "24009", "distta-ta-5": "24009"])
        volume.topology.thinArbiter = .brick(
            Brick(
                id: volume.topology.bricks[0].id, peer: volume.topology.bricks[0].peer,
                path: try BrickPath(validating: "/ta"), index: 5))
        #expect(try ports(of: volume, role, golden.context) == [:])
        volume.topology.thinArbiter = nil
        #expect(try ports(of: volume, role, golden.context) == [:])
    }

    /// By the name of the client.
    private func ports(
        of volume: Volume, _ role: VolfileRole, _ context: VolgenContext
    ) throws -> [String: String] {
        let file = try Volgen().volfile(
            of: volume, for: role, audience: Audience(isTrusted: true), context: context)
        var ports: [String: String] = [:]
        for xlator in file.xlators {
            #expect(xlator["ta-remote-port"] == nil)
            if let port = xlator["remote-port"] { ports[xlator.name] = port }
        }
        return ports
    }

    @Test func aVolumeWithoutOneHasNoSuchVolfile() throws {
        let golden = try GoldenCase("ta")
        #expect(throws: VolgenError.noThinArbiter(volume: golden.volume.name)) {
            try Volgen().volfile(
                of: golden.volume, for: .thinArbiter, audience: Audience(isTrusted: true),
                context: golden.context)
        }
    }
}
