import Crypto
public import FoundationEssentials
import GlusterModel
import SwiftASN1
public import X509

/// Signs certificates. Whoever has its key can make itself any peer: only voters hold it.
public struct Authority: Sendable {
    public let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// Certificates begin a day ago, for a peer whose clock is behind.
    static let backdated: TimeInterval = 86_400
    private static let leafLife: TimeInterval = 365 * 86_400
    private static let authorityLife: TimeInterval = 10 * 365 * 86_400

    /// When a leaf that is made `now` ends, where its authority does not end before.
    static func leafEnd(_ now: Date) -> Date { likely(now).addingTimeInterval(leafLife) }

    /// What a machine without a battery makes in 1970 has to be good when its clock is put right:
    /// an authority that ended in 1980 would be over for ever.
    private static func likely(_ now: Date) -> Date {
        max(now, Date(timeIntervalSince1970: TimeInterval(suiteBegan)))
    }

    /// A new one, with a new key.
    public init(named name: String, now: Date) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.key = key
        let subject = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-Self.backdated),
            notValidAfter: Self.likely(now).addingTimeInterval(Self.authorityLife),
            issuer: subject,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
    }

    /// Throws when the key is not the certificate's: whoever died between two files left that.
    public init(certificatePEM: String, keyPEM: String) throws {
        certificate = try Certificate(pemEncoded: certificatePEM)
        key = try Certificate.PrivateKey(pemEncoded: keyPEM)
        guard key.publicKey == certificate.publicKey else { throw CertificateError.otherKey }
    }

    public var keyPEM: String { get throws { try key.serializeAsPEM().pemString } }

    /// A certificate for both ends of TLS, in the name `commonName`, for `hosts` (names and
    /// addresses).
    public func issue(
        to publicKey: Certificate.PublicKey, commonName: String, hosts: [String], now: Date
    ) throws -> Certificate {
        let end = min(Self.leafEnd(now), certificate.notValidAfter)
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: now.addingTimeInterval(-Self.backdated), notValidAfter: end,
            issuer: certificate.subject, subject: try DistinguishedName { CommonName(commonName) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(hosts.map(Self.name))
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
            },
            issuerPrivateKey: key)
    }

    private static func name(_ host: String) -> GeneralName {
        guard let bytes = IPAddressText.bytes(of: host) else { return .dnsName(host) }
        return .ipAddress(ASN1OctetString(contentBytes: ArraySlice(bytes)))
    }
}

public enum CertificateError: Error, Equatable, CustomStringConvertible {
    case otherKey
    case noCommonName
    case refused(String)

    public var description: String {
        switch self {
        case .otherKey: "the key is not the certificate's"
        case .noCommonName: "the certificate names nobody"
        case .refused(let why): "the certificate is refused: \(why)"
        }
    }
}
