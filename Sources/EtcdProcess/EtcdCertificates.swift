import Crypto
import DurableFile
public import FoundationEssentials
import Glibc
import SwiftASN1
import X509

/// The certificates between gd2-store and its etcd, and between etcds: two authorities, so that no
/// key of the one opens the other. Made at first start, and again before they end.
public struct EtcdCertificates: Sendable {
    /// Folder with `client-ca.pem`, `server.pem`, `client.pem`, `peer-ca.pem`, `peer.pem` and a
    /// `.key` beside each.
    public let directory: String

    public init(directory: String) { self.directory = directory }

    public func path(_ name: String) -> String { directory + "/" + name }

    /// Makes what is missing or ends within `renewWithin`. True when something was made, which an
    /// etcd that runs reads by itself at its next handshake.
    public func prepare(now: Date, renewWithin: TimeInterval = 30 * 86_400) throws -> Bool {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let limit = now.addingTimeInterval(renewWithin)
        var made = false
        for (authority, leaves) in [("client-ca", ["server", "client"]), ("peer-ca", ["peer"])] {
            let (ca, isNew) = try authorityPair(authority, now: now, validUntil: limit)
            for leaf in leaves where isNew || !isValid(leaf, until: limit) {
                try makeLeaf(leaf, by: ca, now: now)
                made = true
            }
        }
        return made
    }

    /// From when on all of them are valid; nil when there are none.
    public var begin: Date? {
        ["client-ca", "server", "client", "peer-ca", "peer"].compactMap { name in
            read(name + ".pem").flatMap { try? Certificate(pemEncoded: $0) }?.notValidBefore
        }.max()
    }

    private struct Pair {
        var certificate: Certificate
        var key: Certificate.PrivateKey
    }

    private func authorityPair(
        _ name: String, now: Date, validUntil limit: Date
    ) throws -> (Pair, isNew: Bool) {
        if isValid(name, until: limit), let key = read(name + ".key"), let pem = read(name + ".pem")
        {
            let pair = Pair(
                certificate: try Certificate(pemEncoded: pem),
                key: try Certificate.PrivateKey(pemEncoded: key))
            return (pair, false)
        }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName("gd2 \(name)") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.backdated),
            notValidAfter: now.addingTimeInterval(Self.authorityLife), issuer: subject,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: key)
        try save(name, certificate, key)
        return (Pair(certificate: certificate, key: key), true)
    }

    private func makeLeaf(_ name: String, by authority: Pair, now: Date) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.backdated),
            notValidAfter: now.addingTimeInterval(Self.leafLife),
            issuer: authority.certificate.subject,
            subject: try DistinguishedName { CommonName("gd2 \(name)") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames([
                    .dnsName("localhost"),
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                ])
            },
            issuerPrivateKey: authority.key)
        try save(name, certificate, key)
    }

    /// Certificates begin a day ago, for a peer whose clock is behind.
    private static let backdated: TimeInterval = 86_400
    private static let leafLife: TimeInterval = 365 * 86_400
    private static let authorityLife: TimeInterval = 10 * 365 * 86_400

    private func isValid(_ name: String, until limit: Date) -> Bool {
        guard let pem = read(name + ".pem"), let keyPem = read(name + ".key"),
            let certificate = try? Certificate(pemEncoded: pem),
            let key = try? Certificate.PrivateKey(pemEncoded: keyPem),
            // Whoever died between the two files left a pair that does not match.
            key.publicKey == certificate.publicKey
        else { return false }
        return certificate.notValidAfter > limit
    }

    private func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Both are written whole before one of them takes its place: a full disk changes nothing.
    private func save(
        _ name: String, _ certificate: Certificate, _ key: Certificate.PrivateKey
    ) throws {
        let texts = [
            ".key": try key.serializeAsPEM().pemString,
            ".pem": try certificate.serializeAsPEM().pemString,
        ]
        for (ending, text) in texts {
            try DurableFile.save(path(name + ending + ".next"), Data(text.utf8))
        }
        for ending in texts.keys {
            guard rename(path(name + ending + ".next"), path(name + ending)) == 0 else {
                throw EtcdProcessError.file(path(name + ending), errno: errno)
            }
        }
    }
}
