import Certificates
import Crypto
import FoundationEssentials
import GD2Error
import Hexadecimal
import SwiftASN1
import X509

/// What a join token or a pairing code tells its holder: which authority to trust, the key to show,
/// and where to go. As text: `gd2-1-` and base64url.
struct JoinSecret: Sendable {
    var authorityFingerprint: String
    var key: Certificate.PrivateKey
    /// `host:port`, best first.
    var addresses: [String]
    private let rawKey: [UInt8]

    private static let prefix = "gd2-1-"
    private static let keyBytes = 32
    private static let fingerprintBytes = 32

    init(
        authorityFingerprint: String, key: Certificate.PrivateKey, addresses: [String]
    ) throws {
        self.authorityFingerprint = authorityFingerprint
        self.key = key
        self.addresses = addresses
        rawKey = try Array(
            P256.Signing.PrivateKey(pemRepresentation: Self.pem(key)).rawRepresentation)
    }

    private static func pem(_ key: Certificate.PrivateKey) throws -> String {
        try key.serializeAsPEM().pemString
    }

    /// Throws with what is wrong with `text`.
    init(_ text: String) throws(GD2Error) {
        let refusal = GD2Error(
            .invalid,
            "this is no token or pairing code: it begins with \(Self.prefix) and is copied whole")
        let trimmed = text.trimmingCharacters(in: " \t\n")
        guard trimmed.hasPrefix(Self.prefix) else { throw refusal }
        var base64 = String(trimmed.dropFirst(Self.prefix.count))
            .replacing("-", with: "+").replacing("_", with: "/")
        while base64.utf8.count % 4 != 0 { base64 += "=" }
        guard let data = Data(base64Encoded: base64) else { throw refusal }
        let bytes = Array(data)
        let fixed = Self.fingerprintBytes + Self.keyBytes
        guard bytes.count >= fixed else { throw refusal }
        rawKey = Array(bytes[Self.fingerprintBytes..<fixed])
        guard let signing = try? P256.Signing.PrivateKey(rawRepresentation: rawKey) else {
            throw refusal
        }
        key = Certificate.PrivateKey(signing)
        authorityFingerprint = bytes[..<Self.fingerprintBytes].hexadecimal
        addresses = String(decoding: bytes[fixed...], as: UTF8.self)
            .split(separator: ",").map(String.init)
    }

    var text: String {
        let bytes =
            ([UInt8](hexadecimal: authorityFingerprint) ?? []) + rawKey
            + Array(addresses.joined(separator: ",").utf8)
        let base64 = Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return Self.prefix + base64
    }
}

extension String {
    fileprivate func trimmingCharacters(in characters: String) -> String {
        let isOther = { (character: Character) in !characters.contains(character) }
        guard let first = firstIndex(where: isOther), let last = lastIndex(where: isOther) else {
            return ""
        }
        return String(self[first...last])
    }
}
