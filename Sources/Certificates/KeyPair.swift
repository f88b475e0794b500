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

    /// Nil when one of the files is missing or damaged, or when they do not belong together. Ends
    /// what a ``save(_:_:)`` has left that was cut short.
    public init?(_ folder: String, _ name: String) {
        let path = "\(folder)/\(name)"
        guard let keyPEM = TextFile.read(path + ".key"),
            let key = try? Certificate.PrivateKey(pemEncoded: keyPEM)
        else { return nil }
        for file in [path + ".pem", path + Self.coming] {
            guard let pem = TextFile.read(file),
                let certificate = try? Certificate(pemEncoded: pem),
                key.publicKey == certificate.publicKey
            else { continue }
            if file != path + ".pem" {
                guard (try? TextFile.write(path + ".pem", pem)) != nil else { return nil }
            }
            self.init(certificate: certificate, key: key)
            return
        }
        return nil
    }

    private static let coming = ".pem.coming"

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
            notValidAfter: Authority.leafEnd(now), issuer: subject,
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

    /// Whether a new one that `authority` signs would end no later.
    public func lastsAsLong(as authority: Authority) -> Bool {
        certificate.notValidAfter >= authority.certificate.notValidAfter
    }

    public var certificatePEM: String { get throws { try certificate.serializeAsPEM().pemString } }
    public var keyPEM: String { get throws { try key.serializeAsPEM().pemString } }

    /// The certificate goes to a file beside it first, so that whoever is cut short between the two
    /// has either the old pair or the new one.
    public func save(_ folder: String, _ name: String) throws {
        let path = "\(folder)/\(name)"
        try TextFile.write(path + Self.coming, certificatePEM)
        try TextFile.write(path + ".key", keyPEM)
        try TextFile.write(path + ".pem", certificatePEM)
        try TextFile.remove(path + Self.coming)
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

    /// Does nothing when there is none.
    public static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}

/// Several certificates in one file.
public enum CertificateBundle {
    /// Empty when there is no such file, or when it is damaged.
    public static func read(_ path: String) -> [Certificate] {
        TextFile.read(path).flatMap { try? parse($0) } ?? []
    }

    public static func parse(_ text: String) throws -> [Certificate] {
        try PEMDocument.parseMultiple(pemString: text).map(Certificate.init(pemDocument:))
    }

    public static func text(_ certificates: [Certificate]) throws -> String {
        try certificates.map { try $0.serializeAsPEM().pemString }.joined(separator: "\n") + "\n"
    }
}

extension Authority {
    /// As `NAME.pem` and `NAME.key`.
    public func save(_ folder: String, _ name: String) throws {
        try TextFile.write("\(folder)/\(name).key", keyPEM)
        try TextFile.write("\(folder)/\(name).pem", certificate.serializeAsPEM().pemString)
    }

    /// Of several certificates in the file it is that of the key. Nil when one of the files is
    /// missing or damaged.
    public init?(_ folder: String, _ name: String) {
        guard let keyPEM = TextFile.read("\(folder)/\(name).key"),
            let key = try? Certificate.PrivateKey(pemEncoded: keyPEM)
        else { return nil }
        let found = CertificateBundle.read("\(folder)/\(name).pem").first {
            $0.publicKey == key.publicKey
        }
        guard let found,
            let made = try? Authority(
                certificatePEM: found.serializeAsPEM().pemString, keyPEM: keyPEM)
        else { return nil }
        self = made
    }
}
