import Certificates
public import FoundationEssentials
import SwiftASN1
import X509

/// The certificates between gd2-store and its own etcd, which never leave the node. Made at the
/// first start, and again before they end.
public struct EtcdCertificates: Sendable {
    /// Folder with `client-ca.pem`, `server.pem` and `client.pem`, and a `.key` beside each.
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
        let (authority, isNew) = try preparedAuthority(now: now, limit: limit)
        var made = isNew
        for leaf in ["server", "client"] {
            if !isNew, let pair = KeyPair(directory, leaf), pair.lasts(until: limit) { continue }
            let key = KeyPair.newKey()
            let certificate = try authority.issue(
                to: key.publicKey, commonName: "gd2 \(leaf)", hosts: ["localhost", "127.0.0.1"],
                now: now)
            try KeyPair(certificate: certificate, key: key).save(directory, leaf)
            made = true
        }
        return made
    }

    /// Fingerprint of the authority; nil when there is none.
    public var authority: String? {
        let pem = TextFile.read(path("client-ca.pem"))
        guard let certificate = pem.flatMap({ try? Certificate(pemEncoded: $0) }) else {
            return nil
        }
        return try? CertificateChain.fingerprint(of: certificate)
    }

    /// From when on all of them are valid; nil when there are none.
    public var begin: Date? {
        ["client-ca", "server", "client"].compactMap { name in
            TextFile.read(path(name + ".pem")).flatMap { try? Certificate(pemEncoded: $0) }?
                .notValidBefore
        }.max()
    }

    private func preparedAuthority(
        now: Date, limit: Date
    ) throws -> (Authority, isNew: Bool) {
        if let pair = KeyPair(directory, "client-ca"), pair.lasts(until: limit) {
            return (
                try Authority(certificatePEM: pair.certificatePEM, keyPEM: pair.keyPEM), false
            )
        }
        let authority = try Authority(named: "gd2 client-ca", now: now)
        try authority.save(directory, "client-ca")
        return (authority, true)
    }
}
