import GlusterModel
import HTTPTypes
import RESTAPI
import StoreTesting
import Testing

@testable import RESTService

/// Changes that gd2-store makes, asked for twice with one idempotency key. Those of volumes are in
/// JobRoutesTests and e2e/jobs.
@Suite struct RepeatedRequestsTests {
    private static let body = #"{"addresses":["h2:24008"]}"#

    private static func key(_ text: String) throws -> HTTPFields {
        [try #require(HTTPField.Name(idempotencyHeader)): text]
    }

    @Test func aPeerIsAddedOnceAndBothAreAnsweredAlike() async throws {
        try await RESTFixture.with { rest in
            let once = try Self.key("once")
            let first = try await rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            let second = try await rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            #expect(first.status == 201 && second.status == 201)
            #expect(first.body == second.body && !first.body.isEmpty)
            #expect(first.headers[.location] == second.headers[.location])
            #expect(await rest.cluster.asked == ["add h2:24008 code="])
        }
    }

    @Test func twoAtOnceAreOne() async throws {
        try await RESTFixture.with { rest in
            let once = try Self.key("once")
            async let one = rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            async let other = rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            let answers = try await [one, other]
            #expect(answers.map(\.status) == [201, 201])
            #expect(await rest.cluster.asked.count == 1)
        }
    }

    @Test func aRemovedPeerIsRemovedOnce() async throws {
        try await RESTFixture.with { rest in
            let added = try await rest.send(.post, "/v1/peers", body: Self.body)
            let path = try #require(added.headers[.location])
            let once = try Self.key("gone")
            for _ in 0..<2 {
                #expect(try await rest.send(.delete, path, headers: once).status == 204)
            }
            #expect(try await rest.send(.delete, path).status == 404)
            #expect(await rest.cluster.asked.count { $0.hasPrefix("remove") } == 1)
        }
    }

    @Test func theKeyOfAnotherRequestIsRefused() async throws {
        try await RESTFixture.with { rest in
            let once = try Self.key("once")
            _ = try await rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            let other = try await rest.send(
                .post, "/v1/peers", body: #"{"addresses":["h3"]}"#, headers: once)
            #expect(other.status == 409)
            #expect(try other.error().errors.first?.message.contains("another request") == true)
        }
    }

    @Test func whatFailedIsTriedAnew() async throws {
        try await RESTFixture.with { rest in
            let once = try Self.key("once")
            let wrong = #"{"addresses":["h2"],"code":"wrong"}"#
            for _ in 0..<2 {
                let answer = try await rest.send(.post, "/v1/peers", body: wrong, headers: once)
                #expect(answer.status == 403)
            }
            #expect(await rest.cluster.asked.count == 2)
            let right = try await rest.send(.post, "/v1/peers", body: Self.body, headers: once)
            #expect(right.status == 201)
        }
    }

    @Test(arguments: ["/v1/peers/tokens", "/v1/peers/pair", "/v1/cluster/join"])
    func whatHasASecretOrNoStoreTakesNoKey(path: String) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .post, path, body: #"{"token":"x"}"#, headers: Self.key("once"))
            #expect(answer.status == 400)
            #expect(await rest.cluster.asked.isEmpty)
        }
    }
}
