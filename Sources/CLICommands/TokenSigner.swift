import Crypto
import FoundationEssentials
import GD2Error
import Hexadecimal
import JWTKit

/// Signs each request for a gd2-rest that is asked over TCP, as GD2's client did: HS256, with the
/// user's name, an end, and a hash that binds the token to one method and path.
public struct TokenSigner: Sendable {
    private let user: String
    private let secret: String
    private static let life: TimeInterval = 120
    /// RFC 7518, section 3.2: a key as long as the hash.
    private static let secretBytesMin = 32
    /// Where gd2-rest writes the secret.
    static let standardFile = "/var/lib/gd2/rest/auth"

    public init(user: String, secret: String) {
        self.user = user
        self.secret = secret
    }

    /// GD2's order: `--secret-file`, GD2_AUTH_SECRET, then the node's own file, if it can be read.
    static func find(user: String, file: String?, environment: [String: String]) throws(GD2Error)
        -> TokenSigner?
    {
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw GD2Error(.invalid, "--secret-file \(file) cannot be read")
            }
            return try TokenSigner(checked: text(data), from: file, user)
        }
        if let secret = environment["GD2_AUTH_SECRET"], !secret.isEmpty {
            return try TokenSigner(checked: secret, from: "GD2_AUTH_SECRET", user)
        }
        guard let data = FileManager.default.contents(atPath: standardFile) else { return nil }
        return try TokenSigner(checked: text(data), from: standardFile, user)
    }

    private init(checked secret: String, from source: String, _ user: String) throws(GD2Error) {
        guard secret.utf8.count >= Self.secretBytesMin else {
            throw GD2Error(
                .invalid,
                "\(source) holds no secret: it takes \(Self.secretBytesMin) bytes at least")
        }
        self.init(user: user, secret: secret)
    }

    private static func text(_ data: Data) -> String {
        String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
    }

    private struct Claims: JWTPayload {
        var iss: IssuerClaim
        var exp: ExpirationClaim
        var qsh: String

        func verify(using _: some JWTAlgorithm) async throws { try exp.verifyNotExpired() }
    }

    /// `path`: without a query, as the server sees it.
    func token(method: String, path: String, now: Date = Date()) async throws -> String {
        let hash = SHA256.hash(data: Data("\(method)&\(path)".utf8)).hexadecimal
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: Data(secret.utf8)), digestAlgorithm: .sha256)
        return try await keys.sign(
            Claims(
                iss: IssuerClaim(value: user),
                exp: ExpirationClaim(value: now.addingTimeInterval(Self.life)), qsh: hash))
    }
}
