import FoundationEssentials
import HTTPTypes
import RESTAPI
import StoreTesting
import Testing

@testable import RESTService

@Suite struct ResponderTests {
    private static let requestID = HTTPField.Name("X-Request-Id")

    @Test(arguments: [
        (HTTPRequest.Method.get, "/nothing", 404), (.get, "/v1", 404), (.get, "/v2/volumes", 404),
        (.put, "/v1/volumes", 405), (.delete, "/v1/peers", 405), (.get, "/v1/volumes/no", 404),
        (.get, "/v1/volumes/no/status", 404), (.get, "/v1/peers/no", 404),
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
        ("{", "it is no JSON"), ("", "it is no JSON"), ("[]", "has to be a"),
        ("{}", "field name is missing"), (#"{"name":1}"#, "field name has to be a String"),
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
            #expect(try await rest.send(.get, "/v1/volumes").status == 200)
            let body = #"{"name":"v","subvols":[{"type":"distribute","bricks":[]}]}"#
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "1")
        }
    }
}
