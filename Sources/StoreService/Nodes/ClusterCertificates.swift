import Certificates
import FoundationEssentials
import GlusterModel
import SwiftASN1
import X509

/// What this node shows the other nodes of one cluster: `pki/<cluster-id>`.
///
/// Two authorities, so that no key of the one opens the other: `node-ca` for TCP 24008, `peer-ca`
/// for etcd's members. Their keys lie with the members alone, since only those sign.
struct ClusterCertificates: Sendable {
    let directory: String

    init(stateDirectory: String, cluster: ClusterID) {
        directory = "\(stateDirectory)/pki/\(cluster)"
    }

    /// Removes the keys of a cluster that this node is in no more: a removed peer, or its disk,
    /// must not sign for it.
    static func forget(_ cluster: ClusterID, stateDirectory: String) throws {
        let folder = Self(stateDirectory: stateDirectory, cluster: cluster).directory
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Makes this node's certificates where they are missing or end within `renewWithin`, as far as
    /// it can sign itself, and, when it is `founding` a cluster, the authorities. True when
    /// something was made.
    func prepare(
        peer: PeerID, hosts: [String], isFounding: Bool, now: Date,
        renewWithin: TimeInterval = 30 * 86_400
    ) throws -> Bool {
        try makeFolder()
        let limit = now.addingTimeInterval(renewWithin)
        var made = false
        for (authorityName, leaf) in [("node-ca", "node"), ("peer-ca", "peer")] {
            var authority = Authority(directory, authorityName)
            if isFounding, authority == nil, TextFile.read(path(authorityName + ".pem")) == nil {
                let new = try Authority(named: "gd2 \(authorityName)", now: now)
                try new.save(directory, authorityName)
                authority = new
            }
            guard let authority else { continue }
            // A new one of an authority that ends itself would be made again at each look.
            if let pair = KeyPair(directory, leaf),
                pair.lasts(until: limit) || pair.lastsAsLong(as: authority)
            {
                continue
            }
            let key = KeyPair.newKey()
            let certificate = try authority.issue(
                to: key.publicKey, commonName: peer.description, hosts: hosts, now: now)
            try KeyPair(certificate: certificate, key: key).save(directory, leaf)
            made = true
        }
        return made
    }

    func makeFolder() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// The authorities whose certificates other nodes may show; two while they are exchanged.
    func nodeRoots() throws -> [Certificate] {
        guard let text = TextFile.read(path("node-ca.pem")) else { return [] }
        return try CertificateBundle.parse(text)
    }

    /// The authority by which others may know this node: that of its own certificate.
    func ownRoot() throws -> Certificate? {
        let roots = try nodeRoots()
        return own.flatMap { CertificateChain.issuer(of: $0.certificate, among: roots) }
            ?? roots.first
    }

    /// Nil where this node is no member.
    var nodeAuthority: Authority? { Authority(directory, "node-ca") }
    var memberAuthority: Authority? { Authority(directory, "peer-ca") }

    /// This node's own, for 24008.
    var own: KeyPair? { KeyPair(directory, "node") }
}
