import Crypto
import DurableFile
public import FoundationEssentials
import SwiftASN1
public import X509

/// A certificate and its private key, as two files: `NAME.pem` and `NAME.key`.
public struct KeyPair: Sendable {
    public let certificate: Certificate
    private let key: Certificate.PrivateKey

    public init(certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Nil when one of the files is missing or damaged, or when they do not belong together.
    public init?(_ folder: String, _ name: String) {
        guard let pem = TextFile.read("\(folder)/\(name).pem"),
            let keyPEM = TextFile.read("\(folder)/\(name).key"),
            let certificate = try? Certificate(pemEncoded: pem),
            let key = try? Certificate.PrivateKey(pemEncoded: keyPEM),
            key.publicKey == certificate.publicKey
        else { return nil }
        self.init(certificate: certificate, key: key)
    }

    /// A new key.
    public static func newKey() -> Certificate.PrivateKey {
        Certificate.PrivateKey(P256.Signing.PrivateKey())
    }

    /// A key that signs for itself: what a joining node shows until it has a certificate.
    public static func selfSigned(
        _ key: Certificate.PrivateKey, named name: String, now: Date
    ) throws -> KeyPair {
        let subject = try DistinguishedName { CommonName(name) }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Authority.backdated),
            notValidAfter: now.addingTimeInterval(Authority.leafLife), issuer: subject,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
            },
            issuerPrivateKey: key)
        return KeyPair(certificate: certificate, key: key)
    }

    public func lasts(until limit: Date) -> Bool { certificate.notValidAfter > limit }

    public var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString } }
    public var keyPEM: String { get throws { try key.serializeAsPEM().pemString } }

    public func save(_ folder: String, _ name: String) throws {
        try TextFile.write("\(folder)/\(name).key", keyPEM)
        try TextFile.write("\(folder)/\(name).pem", certificatePEM)
    }
}

/// PEM files, replaced whole.
public enum TextFile {
    public static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Does nothing when the file says the same already.
    public static func write(_ path: String, _ text: String) throws {
        let bytes = Array(text.utf8)
        if read(path) == text { return }
        try DurableFile.replace(path, with: bytes)
    }
}

extension Authority {
    /// As `NAME.pem` and `NAME.key`.
    public func save(_ folder: String, _ name: String) throws {
        try TextFile.write("\(folder)/\(name).key", keyPEM)
        try TextFile.write("\(folder)/\(name).pem", certificate.serializeAsPEM().pemString)
    }

    /// Nil when one of the files is missing or damaged.
    public init?(_ folder: String, _ name: String) {
        guard let pair = KeyPair(folder, name),
            let made = try? Authority(certificatePEM: pair.certificatePEM, keyPEM: pair.keyPEM)
        else { return nil }
        self = made
    }
}
