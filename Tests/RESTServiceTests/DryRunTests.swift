import FoundationEssentials
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreTesting
import Testing

@testable import RESTService

/// `?dry-run=true`: the whole validation, what would change, and not one write.
@Suite struct DryRunTests {
    private static let create = """
        {"name": "gv0", "subvols": [{"type": "distribute", "bricks": [
            {"peerid": "n1", "path": "/disk1/b"}, {"peerid": "localhost", "path": "/disk2/b"}]}]}
        """

    private static func plan(_ answer: RESTFixture.Answer) throws -> DryRunInfo {
        try JSONDecoder().decode(DryRunInfo.self, from: answer.body)
    }

    @Test(arguments: ["dry-run", "dry-run=true", "dry-run=1", "async=true&dry-run=yes"])
    func aCreationIsDescribedAndNotDone(query: String) async throws {
        try await RESTFixture.with { rest in
            let before = await rest.store.revision
            let answer = try await rest.send(.post, "/v1/volumes?\(query)", body: Self.create)
            #expect(answer.status == 200)
            let plan = try Self.plan(answer)
            #expect(
                plan.changes.map(\.object)
                    == ["volume/gv0", "brick/n1:/disk1/b", "brick/n1:/disk2/b"])
            #expect(plan.changes.first?.action == .create)
            #expect(plan.changes.first?.text == "volume gv0 would be created, with 2 bricks")
            #expect(await rest.store.revision == before)
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.post, "/v1/volumes", "{}", 400),
        (.post, "/v1/volumes", #"{"name":"v","subvols":[]}"#, 400),
        (.delete, "/v1/volumes/gv9", "", 404), (.post, "/v1/volumes/gv9/start", "", 404),
        (.post, "/v1/volumes/gv9/stop", "", 404),
        (.post, "/v1/volumes/gv9/options", #"{"options":{"a":"b"}}"#, 404),
        (.delete, "/v1/volumes/gv9/options", "", 404),
        (.post, "/v1/cluster/options", #"{"options":{"performance.cache-size":"1MB"}}"#, 400),
        (.delete, "/v1/cluster/options", #"{"option":["cluster.op-version"]}"#, 400),
        (.delete, "/v1/cluster/options", #"{"options":[],"force":true}"#, 400),
        (.delete, "/v1/volumes/options-group/virt", "", 400),
        (.delete, "/v1/volumes/options-group/none", "", 404),
        (.post, "/v1/volumes/options-group", #"{"name":"virt","options":[]}"#, 409),
        // What gd2-store refuses.
        (.post, "/v1/peers/tokens", #"{"uses":0}"#, 400),
        (.post, "/v1/peers/pair", #"{"valid-seconds":0}"#, 400),
        (.delete, "/v1/peers/tokens/t9", "", 404),
        (.post, "/v1/cluster/join", #"{"token":""}"#, 400),
        (.post, "/v1/cluster/join", #"{"token":"bad"}"#, 403),
        (.post, "/v1/peers", #"{"addresses":["h2"],"code":"wrong"}"#, 403),
    ])
    func whatWouldBeRefusedIsRefused(
        method: HTTPRequest.Method, path: String, body: String, status: Int
    ) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(method, path + "?dry-run=true", body: body)
            #expect(answer.status == status)
        }
    }

    @Test func aGroupIsDescribedAndNotMade() async throws {
        try await RESTFixture.with { rest in
            let before = await rest.store.revision
            let body =
                #"{"name":"mine","options":[{"name":"performance.cache-size","onvalue":"1MB"}]}"#
            let path = "/v1/volumes/options-group?dry-run=true"
            let plan = try Self.plan(try await rest.send(.post, path, body: body))
            #expect(plan.changes.map(\.object) == ["group/mine"])
            #expect(await rest.store.revision == before)
        }
    }

    @Test func everyChangeHasADryRun() async throws {
        try await RESTFixture.with { rest in
            let endpoints = try await rest.send(.get, "/endpoints").value([Endpoint].self)
            let changes = endpoints.filter { $0.methods != ["GET"] }
            #expect(changes.count > 20)
            for change in changes {
                let name = change.methods.first ?? ""
                let method = try #require(HTTPRequest.Method(name))
                let answer = try await rest.send(
                    method, change.path + "?dry-run=true", body: "{}")
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(!text.contains("has no dry run"), "\(change.path)")
            }
        }
    }

    private static let days = #"{"valid-seconds":86400,"uses":3}"#

    @Test(arguments: [
        (HTTPRequest.Method.post, "/v1/peers/tokens", days, "create", "token"),
        (.delete, "/v1/peers/tokens/t1", "", "delete", "token/t1"),
        (.post, "/v1/peers/pair", "", "create", "code"),
        (.post, "/v1/cluster/join", #"{"token":"good"}"#, "add", "cluster"),
        (.post, "/v1/cluster/snapshots", "", "create", "snapshot"),
    ])
    func whatStoreChecksIsDescribedAndNotDone(
        method: HTTPRequest.Method, path: String, body: String, action: String, object: String
    ) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(method, path + "?dry-run=true", body: body)
            #expect(answer.status == 200)
            let plan = try Self.plan(answer)
            #expect(plan.changes.map(\.object) == [object])
            #expect(plan.changes.map(\.action.rawValue) == [action])
            #expect(plan.changes.map(\.text) == ["it would be done"])
            let asked = await rest.cluster.asked
            #expect(asked.count == 1 && asked[0].hasPrefix("check "))
            #expect(try await rest.cluster.tokens().isEmpty)
            #expect(try await rest.cluster.snapshots().isEmpty)
        }
    }

    @Test func aParameterThatIsNeitherTrueNorFalseIsRefused() async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .post, "/v1/volumes?dry-run=maybe", body: Self.create)
            #expect(answer.status == 400)
            #expect(try answer.error().errors.first?.message.contains("true or false") == true)
        }
    }
}
