import Crypto
import DurableFile
import FoundationEssentials
import GlusterModel
import NIOSSL
import SwiftASN1
import X509

/// The certificate that HTTPS is served with: the configured one, or one of our own.
struct ServerCertificate {
    let configuration: RESTConfiguration
    private static let life: TimeInterval = 365 * 86_400
    private static let renewWithin: TimeInterval = 30 * 86_400

    func tls(now: Date, hostName: String) throws -> TLSConfiguration {
        var paths = (configuration.tlsCertificate, configuration.tlsKey)
        if paths.0.isEmpty {
            paths = (
                configuration.stateDirectory + "/https.pem",
                configuration.stateDirectory + "/https.key"
            )
            if !isValid(paths.0, now) { try make(paths.0, paths.1, now, hostName) }
        }
        let chain = try NIOSSLCertificate.fromPEMFile(paths.0)
        return .makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: paths.1, format: .pem)))
    }

    private func isValid(_ path: String, _ now: Date) -> Bool {
        guard let data = FileManager.default.contents(atPath: path),
            let known = try? Certificate(pemEncoded: String(decoding: data, as: UTF8.self))
        else { return false }
        return known.notValidAfter > now.addingTimeInterval(Self.renewWithin)
    }

    /// One that is made in 1970 is good when the clock is put right.
    private static func end(_ now: Date) -> Date {
        max(now, Date(timeIntervalSince1970: TimeInterval(suiteBegan))).addingTimeInterval(life)
    }

    /// Self-signed: who asks over HTTPS pins it, or configures one of a real authority.
    private func make(_ path: String, _ keyPath: String, _ now: Date, _ host: String) throws {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(host) }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-86_400),
            notValidAfter: Self.end(now), issuer: subject, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames([
                    .dnsName(host), .dnsName("localhost"),
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                ])
            }, issuerPrivateKey: key)
        try write(keyPath, try key.serializeAsPEM().pemString)
        try write(path, try certificate.serializeAsPEM().pemString)
    }

    private func write(_ path: String, _ text: String) throws {
        try DurableFile.replace(path, with: Array(text.utf8))
    }
}
