import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreTesting
import Testing

@testable import RESTService

@Suite struct PeerRoutesTests {
    private static let own = PeerID(high: 2, low: 2)
    private static let added = PeerID(high: 7, low: 7)

    @Test func anAddedPeerIsShownAndHasALocation() async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .post, "/v1/peers",
                body: #"{"addresses":["h2:24008"],"zone":"z1","metadata":{"owner":"ann"},"#
                    + #""code":"1-2"}"#)
            #expect(answer.status == 201)
            #expect(answer.headers[.location] == "/v1/peers/\(Self.added)")
            let peer = try answer.value(PeerInfo.self)
            #expect(peer.id == "\(Self.added)")
            #expect(peer.zone == "z1")
            #expect(peer.metadata == ["owner": "ann", "_zone": "z1"])
            #expect(await rest.cluster.asked == ["add h2:24008 code=1-2"])
            #expect(try await rest.send(.get, "/v1/peers/\(peer.id)").status == 200)
        }
    }

    @Test func allAddressesOfAnAddedPeerAreKept() async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .post, "/v1/peers", body: #"{"addresses":["h2","10.0.0.2:24008","[fe::1]:1"]}"#)
            #expect(answer.status == 201)
            let peer = try answer.value(PeerInfo.self)
            #expect(peer.peerAddresses == ["h2:24008", "10.0.0.2:24008", "[fe::1]:24008"])
        }
    }

    @Test(arguments: [
        ("{}", 400, "addresses is empty"), (#"{"addresses":[]}"#, 400, "addresses is empty"),
        (#"{"addresses":["a b"]}"#, 400, "none of HOST"),
        (#"{"addresses":["h:0"]}"#, 400, "none of HOST"),
        (#"{"addresses":["h:x"]}"#, 400, "none of HOST"),
        (#"{"addresses":["h"],"metadata":{"_a":"b"}}"#, 400, "begins with _"),
        (#"{"addresses":["h"],"zone":""}"#, 400, "zone"),
        (#"{"addresses":["n1"]}"#, 409, "n1's"), (#"{"addresses":["n1:24008"]}"#, 409, "n1's"),
        (#"{"addresses":["h"],"code":"wrong"}"#, 403, "the code is another"),
    ])
    func aWrongPeerIsRefused(body: String, status: Int, hint: String) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(.post, "/v1/peers", body: body)
            #expect(answer.status == status)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains(hint), "\(message)")
        }
    }

    @Test func metadataOfMoreThan4KiBIsRefusedAlsoWhenItComesInParts() async throws {
        try await RESTFixture.with { rest in
            let value = String(repeating: "x", count: 2_100)
            for (key, status) in [("a", 200), ("b", 400)] {
                let body = #"{"metadata":{"\#(key)":"\#(value)"}}"#
                let answer = try await rest.send(.post, "/v1/peers/n1", body: body)
                #expect(answer.status == status)
            }
        }
    }

    @Test func anEditChangesWhatItNamesAlone() async throws {
        try await RESTFixture.with { rest in
            let first = try await rest.send(
                .post, "/v1/peers/n1", body: #"{"metadata":{"a":"1","b":"2"},"zone":"z"}"#)
            #expect(try first.value(PeerInfo.self).metadata == ["a": "1", "b": "2", "_zone": "z"])
            let second = try await rest.send(
                .post, "/v1/peers/\(Self.own)",
                body: #"{"name":"new","addresses":["new.example","10.0.0.1"],"#
                    + #""metadata":{"a":"3"},"remove-metadata":["b"]}"#)
            let peer = try second.value(PeerInfo.self)
            #expect(peer.name == "new")
            #expect(peer.id == "\(Self.own)")
            #expect(peer.peerAddresses == ["new.example:24008", "10.0.0.1:24008"])
            #expect(peer.metadata == ["a": "3", "_zone": "z"])
        }
    }

    @Test(arguments: [
        (#"{"name":"tokens"}"#, 400), (#"{"name":"a/b"}"#, 400), (#"{"name":""}"#, 400),
        (#"{"addresses":[]}"#, 400), (#"{"name":"n2"}"#, 409), (#"{"addresses":["n2"]}"#, 409),
        (#"{"remove-metadata":["_zone"]}"#, 400),
    ])
    func aWrongEditIsRefused(body: String, status: Int) async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            #expect(try await rest.send(.post, "/v1/peers/n1", body: body).status == status)
            #expect(await !rest.cluster.asked.contains("edit \(Self.own)"))
        }
    }

    @Test func dryRunsOfAddAndEditSayWhatWouldChange() async throws {
        try await RESTFixture.with { rest in
            let add = try await rest.send(
                .post, "/v1/peers?dry-run=true", body: #"{"addresses":["h2"]}"#)
            #expect(add.status == 200)
            #expect(try add.value(DryRunInfo.self).changes.map(\.object) == ["peer/h2"])
            let edit = try await rest.send(
                .post, "/v1/peers/n1?dry-run=true", body: #"{"name":"n9","zone":"z"}"#)
            #expect(
                try edit.value(DryRunInfo.self).changes.map(\.text)
                    == ["name of peer n1 would be n9", "zone of peer n1 would be z"])
            // What the node itself says is gd2-store's to find out; nothing else is asked of it.
            let asked = CheckedChange.addPeer(address: "h2", code: "")
            #expect(await rest.cluster.asked == ["check \(asked)"])
        }
    }

    @Test func aPeerIsRemovedWhenItHasNoBricks() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            let dry = try await rest.send(.delete, "/v1/peers/n2?dry-run=true")
            #expect(dry.status == 200)
            let change = try dry.value(DryRunInfo.self).changes.first
            #expect(change?.object == "peer/n2" && change?.action == .delete)
            #expect(change?.text == "peer n2 would be removed: it would be removed")
            #expect(try await rest.send(.get, "/v1/peers/n2").status == 200)
            #expect(try await rest.send(.delete, "/v1/peers/n2?force=maybe").status == 400)
            #expect(try await rest.send(.delete, "/v1/peers/n2?force=true").status == 204)
            #expect(
                await rest.cluster.asked.last == "remove \(Self.added) force=true dry-run=false")
            #expect(try await rest.send(.get, "/v1/peers/n2").status == 404)
            #expect(try await rest.send(.delete, "/v1/peers/n2").status == 404)
        }
    }

    @Test func aPeerWithBricksStaysAndItsVolumesAreNamed() async throws {
        try await RESTFixture.with { rest in
            try await rest.addVolume("gv0", bricksOn: [Self.own])
            try await rest.addVolume("gv1", bricksOn: [Self.own])
            let answer = try await rest.send(.delete, "/v1/peers/n1?force=true")
            #expect(answer.status == 403)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains("volumes gv0, gv1"), "\(message)")
            #expect(await rest.cluster.asked.isEmpty)
        }
    }

    @Test(arguments: [
        ("", ["n1", "n2", "n3"]), ("?key=owner", ["n2", "n3"]), ("?value=ann", ["n2", "n3"]),
        ("?key=owner&value=ann", ["n2"]), ("?key=owner&value=nobody", []), ("?key=other", []),
    ])
    func listsAreFilteredByMetadata(query: String, names: [String]) async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 8, metadata: ["owner": "ann", "x": "ann"])
            try await rest.addPeer("n3", number: 9, metadata: ["owner": "bob", "y": "ann"])
            let answer = try await rest.send(.get, "/v1/peers" + query)
            #expect(try answer.value([PeerInfo].self).map(\.name) == names)
        }
    }

    @Test func probesSayWhoIsUpAndLeasesDoWithoutThem() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            func peer() async throws -> PeerInfo {
                try await rest.send(.get, "/v1/peers/n2").value(PeerInfo.self)
            }
            #expect(try await peer().online == false)
            #expect(try await peer().role == nil)
            try await rest.setAlive(Self.added)
            #expect(try await peer().online)
            await rest.cluster.set(
                states: [
                    PeerState(
                        peer: Self.added, isReachable: false, role: .learner,
                        clockSkew: .milliseconds(-1_500), heardAgo: .seconds(12),
                        message: "no route", version: "1.2")
                ])
            let probed = try await peer()
            #expect(!probed.online && probed.reachable == false)
            #expect(probed.role == "learner" && probed.version == "1.2")
            #expect(probed.clockSkewMs == -1_500 && probed.heardSecondsAgo == 12)
            #expect(probed.message == "no route" && probed.isSelf == nil)
        }
    }

    @Test func aTokenIsMadeListedAndRevoked() async throws {
        try await RESTFixture.with { rest in
            let made = try await rest.send(
                .post, "/v1/peers/tokens", body: #"{"valid-seconds":60,"uses":3}"#)
            #expect(made.status == 201)
            let token = try made.value(TokenCreated.self)
            #expect(token.command == "glustercli peer join secret-t0")
            #expect(token.info.usesLeft == 3 && token.info.expires == 1_060)
            let listed = try await rest.send(.get, "/v1/peers/tokens")
            #expect(try listed.value([TokenInfo].self) == [token.info])
            #expect(try await rest.send(.delete, "/v1/peers/tokens/t0").status == 204)
            #expect(try await rest.send(.delete, "/v1/peers/tokens/t0").status == 404)
            let wrong = try await rest.send(.post, "/v1/peers/tokens", body: #"{"uses":0}"#)
            #expect(wrong.status == 400)
            #expect(try await rest.send(.post, "/v1/peers/tokens").status == 201)
        }
    }

    @Test func aPairingCodeComesWithTheLineToRun() async throws {
        try await RESTFixture.with { rest in
            let pair = try await rest.send(.post, "/v1/peers/pair").value(PairInfo.self)
            #expect(pair.command == "glustercli peer add n1 --code 12-34")
            #expect(pair.expires == 4_600)
        }
    }
}
