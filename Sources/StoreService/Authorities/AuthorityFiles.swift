import AuthorityExchange
import Certificates
import Crypto
import FoundationEssentials
import StoreAPI
import SwiftASN1
import X509

/// Authorities as files. `node-ca.pem` and `peer-ca.pem` have those that are trusted, `.key` beside
/// them has the key of the one that signs, `next-…` the one that is to sign next. etcd is given a
/// copy of `peer-ca.pem` by a name that tells what is in it.
extension ClusterCertificates {
    static let authorityNames = ["node-ca", "peer-ca"]

    private static func next(_ name: String) -> String { "next-" + name }

    func fingerprints(_ roots: [Certificate]) -> Set<String> {
        Set(roots.compactMap { try? CertificateChain.fingerprint(of: $0) })
    }

    func roots(_ name: String) -> [Certificate] { CertificateBundle.read(path(name + ".pem")) }

    func nextAuthority(_ name: String) -> Authority? { Authority(directory, Self.next(name)) }

    /// Who has signed the certificate `leaf`, by the roots of `name`; empty: none of them.
    func issuer(of leaf: String, _ name: String) -> String {
        guard let certificate = CertificateBundle.read(path(leaf + ".pem")).first,
            let root = CertificateChain.issuer(of: certificate, among: roots(name))
        else { return "" }
        return (try? CertificateChain.fingerprint(of: root)) ?? ""
    }

    // MARK: Trust

    /// Makes `roots` the trusted ones. True when one that was trusted is so no more.
    func trust(_ name: String, _ roots: [Certificate]) throws -> Bool {
        let gone = fingerprints(self.roots(name)).subtracting(fingerprints(roots))
        try TextFile.write(path(name + ".pem"), CertificateBundle.text(roots))
        return !gone.isEmpty
    }

    /// A copy of what members are trusted by, for an etcd that is started: its file's name.
    func freezeMemberTrust() throws -> String {
        let roots = roots("peer-ca")
        guard !roots.isEmpty else { return "peer-ca.pem" }
        let all = fingerprints(roots).sorted().joined()
        let digest = SHA256.hash(data: Data(all.utf8)).prefix(4).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        let file = "peer-trust-\(digest).pem"
        try TextFile.write(path(file), CertificateBundle.text(roots))
        return file
    }

    /// Copies that no etcd is started with any more.
    func dropMemberTrust(except file: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.hasPrefix("peer-trust-") && name != file {
            try TextFile.remove(path(name))
        }
    }

    // MARK: Keys

    /// Those that this node can sign with, and is to sign with next.
    var heldKeys: (now: Set<String>, next: Set<String>) {
        let now = Self.authorityNames.compactMap { Authority(directory, $0)?.certificate }
        let next = Self.authorityNames.compactMap { nextAuthority($0)?.certificate }
        return (fingerprints(now), fingerprints(next))
    }

    typealias PEM = (certificate: String, key: String)

    /// Those that are to sign next, for another member; empty: there are none.
    var nextTexts: (node: PEM, member: PEM) {
        get throws {
            func text(_ name: String) throws -> PEM {
                guard let next = nextAuthority(name) else { return ("", "") }
                return (try next.certificate.serializeAsPEM().pemString, try next.keyPEM)
            }
            return (try text("node-ca"), try text("peer-ca"))
        }
    }

    /// New authorities, to sign next.
    func makeNext(now: Date) throws -> StoredAuthorityExchange.Authorities {
        var made: [String] = []
        for name in Self.authorityNames {
            let authority = try Authority(named: "gd2 \(name)", now: now)
            try authority.save(directory, Self.next(name))
            made.append(try authority.certificate.serializeAsPEM().pemString)
        }
        return .init(node: [made[0]], member: [made[1]])
    }

    /// Keeps what another member gives to sign with next.
    func keepNext(_ name: String, certificate: String, key: String) throws {
        guard !certificate.isEmpty, !key.isEmpty else { return }
        let authority = try Authority(certificatePEM: certificate, keyPEM: key)
        let has = Authority(directory, name)?.certificate.publicKey
        if has == authority.certificate.publicKey { return }
        try authority.save(directory, Self.next(name))
    }

    /// Signs with the next authorities from now on, where they are those of `new`; the keys of the
    /// old ones are gone then.
    func takeNext(_ new: AuthorityNames) throws {
        for (name, wanted) in zip(Self.authorityNames, [new.node, new.member]) {
            guard let next = nextAuthority(name),
                try CertificateChain.fingerprint(of: next.certificate) == wanted
            else { continue }
            try TextFile.write(path(name + ".key"), next.keyPEM)
            try dropNext(name)
        }
    }

    func dropNext() throws { for name in Self.authorityNames { try dropNext(name) } }

    private func dropNext(_ name: String) throws {
        try TextFile.remove(path(Self.next(name) + ".key"))
        try TextFile.remove(path(Self.next(name) + ".pem"))
    }

    /// Keys of authorities other than `new`: a node that was a member keeps what it had. Those are
    /// also keys of one that is trusted no more, and so of none that is in the file beside it.
    func dropKeys(except new: AuthorityNames) throws {
        for name in Self.authorityNames {
            // What cannot be read now is left as it is.
            let roots = roots(name)
            guard let key = TextFile.read(path(name + ".key")), !roots.isEmpty else { continue }
            let isNew = try roots.contains { root in
                let fingerprint = try CertificateChain.fingerprint(of: root)
                guard [new.node, new.member].contains(fingerprint) else { return false }
                let pem = try root.serializeAsPEM().pemString
                return (try? Authority(certificatePEM: pem, keyPEM: key)) != nil
            }
            if !isNew { try TextFile.remove(path(name + ".key")) }
        }
    }
}
