import Crypto
import FoundationEssentials
import HTTPTypes
import RESTAPI
import Testing

@testable import RESTService

/// GD2's tokens: HS256 over iss, exp and qsh, the SHA-256 of `METHOD&path`.
@Suite struct TokenTests {
    private static let network = Caller.Origin.network("192.0.2.1:1000")

    private static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    private static func qsh(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func token(
        _ request: String = "GET&/v1/volumes", algorithm: String = "HS256",
        expiresIn seconds: Double = 60, secret: [UInt8] = RESTFixture.secret, claims: String? = nil
    ) -> String {
        let exp = Int(Date().timeIntervalSince1970 + seconds)
        let claims =
            claims
            ?? #"{"iss":"glustercli","iat":1,"exp":\#(exp),"qsh":"\#(qsh(request))"}"#
        let head = base64(#"{"alg":"\#(algorithm)","typ":"JWT"}"#.utf8) + "." + base64(claims.utf8)
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(head.utf8), using: SymmetricKey(data: secret))
        return head + "." + (algorithm == "none" ? "" : base64(code))
    }

    private func get(
        _ path: String = "/v1/volumes", authorization: String?,
        secret: [UInt8]? = RESTFixture.secret
    ) async throws -> RESTFixture.Answer? {
        var answer: RESTFixture.Answer?
        try await RESTFixture.with(secret: secret) { rest in
            var headers: HTTPFields = [:]
            headers[.authorization] = authorization
            answer = try await rest.send(.get, path, headers: headers, origin: Self.network)
        }
        return answer
    }

    @Test(arguments: ["bearer", "Bearer"])
    func aGoodTokenIsAccepted(scheme: String) async throws {
        let answer = try await get(authorization: "\(scheme) \(Self.token())")
        #expect(answer?.status == 200)
        #expect(answer?.body == Data("[]".utf8))
    }

    @Test(
        arguments: [
            (nil, "bearer token is needed"), ("", "bearer token is needed"),
            ("bearer", "bearer token is needed"), ("basic \(token())", "bearer token is needed"),
            ("bearer x", "not valid"), ("bearer a.b.c", "not valid"),
            ("bearer \(token(expiresIn: -60))", "not valid or has ended"),
            ("bearer \(token(secret: Array("wrong".utf8)))", "not valid"),
            ("bearer \(token(algorithm: "none"))", "not valid"),
            ("bearer \(token(algorithm: "none"))x", "not valid"),
            ("bearer \(token("POST&/v1/volumes"))", "another request"),
            ("bearer \(token("GET&/v1/volumes/gv0"))", "another request"),
            ("bearer \(token(claims: #"{"iss":"x","exp":9999999999}"#))", "not valid"),
            (
                "bearer \(token(claims: #"{"iss":"x","qsh":"\#(qsh("GET&/v1/volumes"))"}"#))",
                "not valid"
            ),
        ] as [(String?, String)])
    func anyOtherTokenIsRefused(authorization: String?, hint: String) async throws {
        let answer = try #require(try await get(authorization: authorization))
        #expect(answer.status == 401)
        #expect(try answer.error().errors.first?.message.contains(hint) == true)
    }

    @Test func withoutASecretNoTokenIsGood() async throws {
        let answer = try await get(authorization: "bearer \(Self.token(secret: []))", secret: nil)
        #expect(answer?.status == 503)
    }

    @Test(arguments: ["/ping", "/version"])
    func aLoadBalancerNeedsNoToken(path: String) async throws {
        #expect(try await get(path, authorization: nil)?.status == 200)
    }

    @Test func anotherUserOfThisHostIsNotAllowed() async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .get, "/v1/volumes", origin: .local(uid: 64_999, gid: 64_999))
            #expect(answer.status == 403)
            #expect(try answer.error().errors.first?.message.contains("uid 64999") == true)
            #expect(try await rest.send(.get, "/v1/volumes").status == 200)
        }
    }
}
