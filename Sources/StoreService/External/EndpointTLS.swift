import Certificates
import FoundationEssentials
import GD2Error
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// TLS towards the endpoints of an external etcd, with the files that the configuration names.
struct EndpointTLS: Sendable {
    private let roots: CertificateStore
    /// DER, the own one first; empty: none is shown.
    private let chain: [[UInt8]]
    private let key: String

    /// Throws ``GD2Error`` for a file that cannot be read or is not what it should be.
    init(_ configuration: StoreConfiguration) throws {
        if configuration.etcdCa.isEmpty {
            roots = .systemTrustRoots
        } else {
            let text = try Self.text(configuration.etcdCa, for: "etcd-ca")
            let found = try Self.parsed(configuration.etcdCa, for: "etcd-ca") {
                try PEMDocument.parseMultiple(pemString: text).map(Certificate.init(pemDocument:))
            }
            roots = CertificateStore(found)
        }
        guard !configuration.etcdCertificate.isEmpty else {
            (chain, key) = ([], "")
            return
        }
        let pem = try Self.text(configuration.etcdCertificate, for: "etcd-certificate")
        let documents = try Self.parsed(configuration.etcdCertificate, for: "etcd-certificate") {
            try PEMDocument.parseMultiple(pemString: pem)
        }
        let shown = try Self.parsed(configuration.etcdCertificate, for: "etcd-certificate") {
            try documents.map(Certificate.init(pemDocument:))
        }
        let key = try Self.text(configuration.etcdKey, for: "etcd-key")
        let own = try Self.parsed(configuration.etcdKey, for: "etcd-key") {
            [try Certificate.PrivateKey(pemEncoded: key)]
        }
        guard shown.first?.publicKey == own.first?.publicKey else {
            throw GD2Error(
                .invalid,
                "\(configuration.etcdKey) (etcd-key) is not the key of "
                    + "\(configuration.etcdCertificate) (etcd-certificate)")
        }
        (chain, self.key) = (documents.map(\.derBytes), key)
    }

    private static func text(_ path: String, for name: String) throws(GD2Error) -> String {
        if let text = TextFile.read(path) { return text }
        throw GD2Error(
            .invalid,
            "\(path) (\(name)) cannot be read: it has to be there, and the user gd2-store has to "
                + "be allowed to read it and its folders")
    }

    private static func parsed<Value>(
        _ path: String, for name: String, _ parse: () throws -> [Value]
    ) throws(GD2Error) -> [Value] {
        if let found = try? parse(), !found.isEmpty { return found }
        throw GD2Error(.invalid, "\(path) (\(name)) is no PEM file of what it should have")
    }

    /// For a connection to `url`; why its certificate is refused goes to `refused`.
    func security(
        to url: EndpointURL, refused: @escaping @Sendable (String) -> Void
    ) -> HTTP2ClientTransport.Posix.TransportSecurity {
        guard url.isEncrypted else { return .plaintext }
        let place = url.place
        let roots = roots
        let verify = NodeTLS.verify { leaf, others in
            var verifier = Verifier(rootCertificates: roots) {
                RFC5280Policy()
                ServerIdentityPolicy(
                    serverHostname: place.isAddress ? nil : place.host,
                    serverIP: place.isAddress ? place.host : nil)
            }
            let result = await verifier.validate(
                leaf: leaf, intermediates: CertificateStore(others))
            guard case .couldNotValidate(let failures) = result else { return true }
            let why = failures.first.map { "\($0.policyFailureReason)" }
            refused(
                "its certificate is refused: "
                    + (why ?? "no authority of etcd-ca has signed it"))
            return false
        }
        guard !chain.isEmpty else {
            return .tls { tls in
                tls.serverCertificateVerification = .noHostnameVerification
                tls.customVerificationCallback = verify
            }
        }
        return .mTLS(
            certificateChain: chain.map { .bytes($0, format: .der) },
            privateKey: .bytes(Array(key.utf8), format: .pem)
        ) { tls in
            tls.serverCertificateVerification = .noHostnameVerification
            tls.customVerificationCallback = verify
        }
    }
}
