import HTTPTypes
import RESTAPI
import Seeded
import StoreTesting
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

    private static let long = String(repeating: "x", count: 1 << 20)
    private static func creation(path: String = "/b", _ more: String) -> String {
        #"{"name":"v","force":true,"subvols":[{"type":"distribute","#
            + #""bricks":[{"peerid":"n1","path":""# + path + #""}]}]"# + more + "}"
    }

    /// A record of the store is small, whoever asks; and nobody reads an answer of a megabyte.
    @Test(arguments: [
        (HTTPRequest.Method.post, "/v1/volumes", creation(path: "/" + long, ""), "is longer than"),
        (.post, "/v1/volumes", creation(#","metadata":{"a":"\#(long)"}"#), "4096 are possible"),
        (.post, "/v1/volumes", creation(#","metadata":{"_a":"b"}"#), "begins with _"),
        (.post, "/v1/volumes", creation(#","options":{"user.a":"\#(long)"}"#), "at most 65536"),
        (.post, "/v1/volumes", creation(#","options":{"user.\#(long)":"a"}"#), "at most 255"),
        (.post, "/v1/volumes", creation(#","flags":{"\#(long)":true}"#), ""),
        (
            .post, "/v1/volumes/options-group",
            #"{"name":"g","options":[{"name":"user.a","onvalue":"\#(long)"}]}"#, "at most 65536"
        ),
        (
            .post, "/v1/volumes/options-group",
            #"{"name":"g","description":"\#(long)","options":[{"name":"user.a","onvalue":"b"}]}"#,
            "at most 1024"
        ),
    ])
    func aMegabyteIsRefusedInAFewWords(
        method: HTTPRequest.Method, path: String, body: String, hint: String
    ) async throws {
        try await RESTFixture.with { rest in
            let before = await rest.store.revision
            let answer = try await rest.send(method, path + "?dry-run=true", body: body)
            #expect(answer.status == 400, "\(answer.status)")
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains(hint) && message.utf8.count < 9_000, "\(message.prefix(200))")
            #expect(await rest.store.revision == before)
        }
    }

    /// Options given with a volume are looked at as those that are set on it.
    @Test(arguments: [
        (#"{"cluster.self-heal-daemon":"off"}"#, "of replicate volumes"),
        (#"{"performance.io-cache":"on","performance.cache-size":"1"}"#, "at least 4194304"),
        (#"{"cache-size":"4MB","performance.cache-size":"8MB"}"#, "given twice"),
    ])
    func optionsOfACreationFitTheVolume(options: String, hint: String) async throws {
        try await RESTFixture.with { rest in
            let body = Self.creation(#","options":"# + options)
            let answer = try await rest.send(.post, "/v1/volumes?dry-run=true", body: body)
            #expect(answer.status == 400)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains(hint), "\(message)")
        }
    }
}
