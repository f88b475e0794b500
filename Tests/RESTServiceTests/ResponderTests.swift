import FoundationEssentials
import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreMirror
import StoreTesting
import Testing

@testable import RESTService

@Suite struct ResponderTests {
    private static let requestID = HTTPField.Name("X-Request-Id")

    @Test(arguments: [
        (HTTPRequest.Method.get, "/nothing", 404), (.get, "/v1", 404), (.get, "/v2/volumes", 404),
        (.put, "/v1/volumes", 405), (.delete, "/v1/peers", 405), (.get, "/v1/volumes/no", 404),
        (.options, "/v1/volumes", 405), (.trace, "/v1/peers/n1", 405), (.options, "/nothing", 404),
        (.post, "/endpoints", 405), (.get, "/v1/volumes/no/status", 404),
        (.get, "/v1/peers/no", 404),
        (.get, "/v1/volumes", 200), (.get, "/v1/peers", 200), (.get, "/v1/peers/n1", 200),
        (.get, "/endpoints", 200), (.get, "/v1/cluster/options", 200),
    ])
    func aRequestHasItsStatus(method: HTTPRequest.Method, path: String, status: Int) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(method, path)
            #expect(answer.status == status)
            #expect(answer.headers[.contentType]?.hasPrefix("application/json") == true)
            guard status >= 400 else { return }
            let error = try #require(try answer.error().errors.first)
            #expect(error.code == 1)
            #expect(!error.message.isEmpty)
        }
    }

    @Test(arguments: [
        ("{", "it is no JSON"), ("", "it is no JSON"), ("[]", "the body has to be a JSON object"),
        ("null", "the body has to be a JSON object"), ("1", "the body has to be a JSON object"),
        ("{}", "field name is missing"), (#"{"name":1}"#, "field name has to be a String"),
        (
            #"{"name":"v","subvols":[{"type":"r","replica":9223372036854775808,"bricks":[]}]}"#,
            "field subvols.0.replica has to be a whole number from -9223372036854775808 to 92"
        ),
        (
            #"{"name":"v","subvols":[{"type":"r","bricks":[]},{"type":"r","bricks":[],"#
                + #""replica":3.5}]}"#,
            "field subvols.1.replica has to be a whole number"
        ),
        (#"{"name":"v","subvols":[{"type":1}]}"#, "field subvols.0.type has to be a String"),
        (#"{"name":"v","subvols":{}}"#, "field subvols has to be a list"),
        (#"{"name":"v","force":1}"#, "field force has to be true or false"),
        (#"{"name":"a/b","subvols":[]}"#, "may contain letters, digits"),
        (#"{"name":"all","subvols":[]}"#, "is reserved"),
        (#"{"name":"type","subvols":[]}"#, "is reserved"),
        (#"{"name":"v","subvols":[]}"#, "give at least one HOST:/PATH"),
        (#"{"name":"v"}"#, "at least"),
        (#"{"name":"v","transport":"rdma"}"#, "only tcp is"),
        (#"{"name":"v","size":1}"#, "by size"),
        (
            #"{"name":"v","subvols":[{"type":"replicate","replica":\#(Int.max),"bricks":[]}]}"#,
            "no possible count"
        ),
    ])
    func aWrongBodyIsRefusedWithTheField(body: String, hint: String) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 400)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains(hint), "\(message)")
        }
    }

    @Test func aBodyAboveTheLimitIsTooLarge() async throws {
        try await RESTFixture.with { rest in
            let body = #"{"name":""# + String(repeating: "x", count: Limits.bodyBytes)
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 413)
        }
    }

    @Test(arguments: [
        ("abc-1", true), (String(repeating: "x", count: 64), true),
        (String(repeating: "x", count: 65), false), ("a b", false), ("é", false),
    ])
    func aRequestKeepsItsIDWhereItIsOne(id: String, isKept: Bool) async throws {
        let name = try #require(Self.requestID)
        try await RESTFixture.with { rest in
            let given = try await rest.send(.get, "/ping", headers: [name: id]).headers[name]
            #expect((given == id) == isKept)
            #expect(given?.isEmpty == false)
            let other = try await rest.send(.get, "/nothing").headers[name]
            #expect(other.map { $0.count == 36 } == true)
        }
    }

    @Test func anAnswerSaysWhoseItIs() async throws {
        try await RESTFixture.with { rest in
            let headers = try await rest.send(.get, "/ping").headers
            let cluster = HTTPField.Name("X-Gluster-Cluster-Id").flatMap { headers[$0] }
            #expect(cluster == "00000000-0000-0001-0000-000000000001")
        }
    }

    @Test func withoutTheStoreReadsGoOnAndChangesAreUnavailable() async throws {
        try await RESTFixture.with { rest in
            await rest.store.setOutage("away")
            try await rest.untilStale()
            #expect(try await rest.send(.get, "/v1/volumes").status == 200)
            let body = #"{"name":"v","subvols":[{"type":"distribute","bricks":[]}]}"#
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "1")
        }
    }

    @Test(arguments: [
        "/v1/volumes", "/v1/peers", "/v1/cluster", "/v1/volumes/gv0", "/v1/volumes/gv0/options",
        "/v1/volumes/options-group", "/v1/cluster/options",
    ])
    func aReadSaysItsRevisionAndWhenItIsStaleItsAge(path: String) async throws {
        let revision = try #require(HTTPField.Name(revisionHeader))
        let age = try #require(HTTPField.Name(viewAgeHeader))
        try await RESTFixture.with { rest in
            try await rest.addVolume("gv0", bricksOn: [PeerID(high: 2, low: 2)])
            let now = try await rest.send(.get, path)
            #expect(now.status == 200)
            #expect(now.headers[revision] == "\(await rest.store.revision)")
            #expect(now.headers[age] == nil)
            await rest.store.setOutage("away")
            try await rest.untilStale()
            let old = try await rest.send(.get, path)
            #expect(old.status == 200)
            #expect(old.headers[revision] == now.headers[revision])
            #expect(old.headers[age].flatMap { Int($0) } != nil)
        }
    }

    @Test func aReadIsNoNewerThanWhatWasKnownWhenItBegan() async throws {
        let (revision, age) = (
            try #require(HTTPField.Name(revisionHeader)),
            try #require(HTTPField.Name(viewAgeHeader))
        )
        try await RESTFixture.with { rest in
            let before = await rest.store.revision
            await rest.store.setOutage("away")
            try await rest.untilStale()
            await rest.cluster.set(whenPeersAreAsked: {
                await rest.store.setOutage(nil)
                try? await rest.addPeer("n2")
            })
            let read = try await rest.send(.get, "/v1/peers")
            #expect(rest.mirror.view.revision > before)
            #expect(read.headers[age] != nil)
            #expect(read.headers[revision] == "\(before)")
            #expect(try await rest.send(.get, "/v1/peers").headers[age] == nil)
        }
    }

    @Test func aReadFromBeforeARecoverySaysSo() async throws {
        let epoch = try #require(HTTPField.Name(laterEpochHeader))
        try await RESTFixture.with { rest in
            #expect(try await rest.send(.get, "/v1/volumes").headers[epoch] == nil)
            await rest.store.setOutage("no way to it", isIdentityKnown: true)
            await rest.store.raiseEpoch()
            try await rest.untilRecoveryIsKnown()
            #expect(try await rest.send(.get, "/v1/volumes").headers[epoch] == "2")
        }
    }

    @Test func aChangeIsRefusedAtOnceWhenTooFewVotersAnswer() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            await rest.cluster.set(
                states: [
                    PeerState(peer: PeerID(high: 2, low: 2), isReachable: true, role: .voter),
                    PeerState(
                        peer: PeerID(high: 7, low: 7), isReachable: false, role: .voter,
                        heardAgo: .seconds(3)),
                ])
            await rest.store.setOutage("no leader")
            try await rest.untilStale()
            let answer = try await rest.send(.post, "/v1/peers/n1", body: #"{"zone":"z"}"#)
            #expect(answer.status == 503)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(
                message.contains("2 of 2 voters are needed and 1 answers, not n2"), "\(message)")
        }
    }

    @Test func aChangeWithoutQuorumIsRefusedWithTheStoresReason() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                status: StoreStatus(
                    available: false, message: "2 of 3 voters are needed, 1 answers"))
            let body = #"{"name":"v","subvols":[{"type":"distribute","bricks":[]}]}"#
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 503)
            #expect(
                try answer.error().errors.map(\.message) == [
                    "the store takes no changes now: 2 of 3 voters are needed, 1 answers"
                ])
            #expect(try await rest.send(.get, "/v1/volumes").status == 200)
        }
    }
}
