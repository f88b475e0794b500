import Certificates
import FoundationEssentials
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import NIOCore
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// TLS of 24008, both ends. The chain is checked by swift-certificates in callbacks, so that one
/// place decides who is who.
enum NodeTLS {
    typealias Verify =
        @Sendable ([NIOSSLCertificate], EventLoopPromise<NIOSSLVerificationResultWithMetadata>) ->
        Void

    static func server(
        _ certificates: ClusterCertificates, callers: NodeCallers
    ) -> HTTP2ServerTransport.Posix.TransportSecurity {
        // The authority is shown too: who has a token knows it by its fingerprint.
        let root = (try? certificates.ownRoot()?.serializeAsPEM().pemString) ?? ""
        return .mTLS(
            certificateChain: [
                .file(path: certificates.path("node.pem"), format: .pem),
                .bytes(Array(root.utf8), format: .pem),
            ],
            privateKey: .file(path: certificates.path("node.key"), format: .pem)
        ) { tls in
            tls.trustRoots = .certificates([
                .file(path: certificates.path("node-ca.pem"), format: .pem)
            ])
            tls.requireALPN = false
            tls.customVerificationCallback = verify { leaf, _ in
                await callers.caller(of: leaf) != nil
            }
        }
    }

    /// For a connection to `peer`, as this node.
    static func client(
        _ certificates: ClusterCertificates, to peer: PeerID
    ) -> HTTP2ClientTransport.Posix.TransportSecurity {
        .mTLS(
            certificateChain: [.file(path: certificates.path("node.pem"), format: .pem)],
            privateKey: .file(path: certificates.path("node.key"), format: .pem)
        ) { tls in
            tls.trustRoots = .certificates([
                .file(path: certificates.path("node-ca.pem"), format: .pem)
            ])
            tls.serverCertificateVerification = .noHostnameVerification
            tls.customVerificationCallback = verify { leaf, _ in
                guard let roots = try? certificates.nodeRoots(),
                    let name = try? await CertificateChain.verifiedName(of: leaf, roots: roots)
                else { return false }
                return name == peer.description
            }
        }
    }

    /// For a node that has only a token or a pairing code: shows its key, and trusts the authority
    /// whose fingerprint it names; nil trusts whoever answers (open joining). `seen` is told when
    /// another authority than that answers.
    static func client(
        showing pair: KeyPair, trusting fingerprint: String?, seen: SeenAuthorities? = nil
    ) throws -> HTTP2ClientTransport.Posix.TransportSecurity {
        let (pem, key) = (try pair.certificatePEM, try pair.keyPEM)
        return .mTLS(
            certificateChain: [.bytes(Array(pem.utf8), format: .pem)],
            privateKey: .bytes(Array(key.utf8), format: .pem)
        ) { tls in
            // Not asked, but else all authorities of the system were read.
            tls.trustRoots = .certificates([.bytes(Array(pem.utf8), format: .pem)])
            tls.serverCertificateVerification = .noHostnameVerification
            tls.customVerificationCallback = verify { leaf, others in
                guard let fingerprint else { return true }
                let roots = others.filter {
                    (try? CertificateChain.fingerprint(of: $0)) == fingerprint
                }
                let signer = CertificateChain.issuer(of: leaf, among: others)
                if let signer, !roots.contains(signer) { seen?.note(isWanted: false) }
                let name = try? await CertificateChain.verifiedName(of: leaf, roots: roots)
                if name != nil { seen?.note(isWanted: true) }
                return name != nil
            }
        }
    }

    static func verify(
        _ isTrusted:
            @escaping @Sendable (_ leaf: Certificate, _ others: [Certificate]) async -> Bool
    ) -> Verify {
        { shown, promise in
            promise.completeWithTask {
                let chain = try shown.map { try Certificate(derEncoded: $0.toDERBytes()) }
                guard let leaf = chain.first, await isTrusted(leaf, Array(chain.dropFirst())),
                    let first = shown.first
                else { return .failed }
                return .certificateVerified(
                    VerificationMetadata(NIOSSL.ValidatedCertificateChain([first])))
            }
        }
    }
}

/// Who answered: one who is known by the authority that was asked for, or by another one.
final class SeenAuthorities: Sendable {
    private let wanted = Atomic(false)
    private let other = Atomic(false)

    var isWanted: Bool { wanted.load(ordering: .acquiring) }
    var isOther: Bool { other.load(ordering: .acquiring) }
    func note(isWanted: Bool) {
        if isWanted {
            wanted.store(true, ordering: .releasing)
        } else {
            other.store(true, ordering: .releasing)
        }
    }
}
