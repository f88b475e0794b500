import HTTPTypes
import RESTAPI
import Seeded
import Testing

@testable import RESTService

/// Bodies that no client of ours sends.
@Suite struct HostileBodyTests {
    /// Two bricks are no replica 3: what is bent and still JSON makes no volume either.
    private static let create = """
        {"name": "gv9", "transport": "tcp", "force": false, "replica": 3,
         "options": {"performance.cache-size": "1MB"}, "metadata": {"a": "b"},
         "flags": {"reuse-bricks": true},
         "subvols": [{"type": "replicate", "replica": 3, "arbiter": 0, "bricks": [
            {"peerid": "00000000-0000-0000-0000-000000000002", "path": "/disk1/b"},
            {"peerid": "00000000-0000-0000-0000-000000000002", "path": "/disk2/b"}]}]}
        """
    private static let options = #"{"options": {"performance.cache-size": "1MB", "a.b": "c"}}"#

    @Test(arguments: [
        (HTTPRequest.Method.post, "/v1/volumes", create, 11 as UInt64),
        (.post, "/v1/volumes/gv0/options", options, 12),
        (.post, "/v1/cluster/options", #"{"options": {"no.such": "1"}}"#, 13),
        (.delete, "/v1/volumes/gv0/options", #"{"options": ["a"], "all": false}"#, 14),
    ])
    func aBentBodyIsAnErrorOfTheClient(
        method: HTTPRequest.Method, path: String, good: String, seed: UInt64
    ) async throws {
        try await RESTFixture.with { rest in
            var random = SplitMix(seed: seed)
            for round in 0..<400 {
                let bent = String(decoding: random.bend(Array(good.utf8)), as: UTF8.self)
                let answer = try await rest.send(method, path, body: bent)
                #expect((400...499).contains(answer.status), "\(seed)/\(round): \(bent)")
                #expect(try answer.error().errors.first?.message.isEmpty == false)
            }
        }
    }

    @Test(arguments: [
        String(repeating: "[", count: 200_000), String(repeating: #"{"a":"#, count: 100_000),
        #"{"name": ""# + String(repeating: "x", count: 1 << 20) + #"", "subvols": []}"#,
        #"{"name": "v", "subvols": [{"replica": 1e400, "bricks": []}]}"#,
        #"{"name": "v", "subvols": [{"replica": -9223372036854775808, "bricks": []}]}"#,
        #"{"name": "v\u0000", "subvols": []}"#, #"{"name": "\ud800", "subvols": []}"#,
        #"{"name": "v", "name": "w", "subvols": "#, "\u{feff}{}", "null", "\0",
    ])
    func whatIsTooDeepTooLongOrStrangeIsRefused(body: String) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(.post, "/v1/volumes", body: body)
            #expect(answer.status == 400)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(!message.isEmpty && message.utf8.count < 2_000, "\(message.prefix(100))")
        }
    }
}
