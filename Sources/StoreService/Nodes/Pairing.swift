import Certificates
import FoundationEssentials
import Synchronization
import X509

/// The pairing code that this node shows while it is in no cluster: one at a time, for a while.
final class Pairing: Sendable {
    private let shown = Mutex<(fingerprint: String, until: Date)?>(nil)

    /// A new code for `seconds`; the one before it ends.
    func show(authority: Certificate, seconds: TimeInterval) throws -> (code: String, until: Date) {
        let key = KeyPair.newKey()
        let until = Date().addingTimeInterval(seconds)
        let secret = try JoinSecret(
            authorityFingerprint: CertificateChain.fingerprint(of: authority), key: key,
            addresses: [])
        shown.withLock {
            $0 = (CertificateChain.fingerprint(of: key.publicKey), until)
        }
        return (secret.text, until)
    }

    func matches(_ fingerprint: String, now: Date) -> Bool {
        shown.withLock { $0.map { $0.fingerprint == fingerprint && $0.until > now } ?? false }
    }

    /// A code serves once.
    func end() { shown.withLock { $0 = nil } }
}
