import Crypto
import FoundationEssentials
import Hexadecimal
import SwiftASN1
public import X509

/// What the other end of a TLS connection showed.
public enum CertificateChain {
    /// The common name of `leaf`, when one of `roots` has signed it and it is valid now.
    public static func verifiedName(
        of leaf: Certificate, roots: [Certificate]
    ) async throws(CertificateError) -> String {
        var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
            RFC5280Policy()
        }
        let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore([]))
        switch result {
        case .validCertificate: break
        case .couldNotValidate(let failures):
            let why = failures.first.map { "\($0.policyFailureReason)" }
            throw .refused(why ?? "no authority of this cluster has signed it")
        }
        return try commonName(of: leaf)
    }

    public static func commonName(of certificate: Certificate) throws(CertificateError) -> String {
        for name in certificate.subject {
            for attribute in name where attribute.type == .RDNAttributeType.commonName {
                if let text = String(attribute.value) { return text }
            }
        }
        throw .noCommonName
    }

    /// Hexadecimal SHA-256 of the certificate (DER), as `openssl x509 -fingerprint -sha256` shows
    /// it, without colons.
    public static func fingerprint(of certificate: Certificate) throws -> String {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return SHA256.hash(data: Data(serializer.serializedBytes)).hexadecimal
    }

    /// The one of `roots` whose key has signed `leaf`, valid or not.
    public static func issuer(of leaf: Certificate, among roots: [Certificate]) -> Certificate? {
        roots.first { $0.publicKey.isValidSignature(leaf.signature, for: leaf) }
    }

    /// Hexadecimal SHA-256 of a public key: names a key wherever its certificate does not matter.
    public static func fingerprint(of key: Certificate.PublicKey) -> String {
        SHA256.hash(data: Data(key.subjectPublicKeyInfoBytes)).hexadecimal
    }
}
