import AuthorityExchange
import Certificates
import FoundationEssentials
import GRPCCore
import GlusterModel
import Logging
import NodeAPI
import SwiftASN1
import SwiftProtobuf
import X509

/// Makes this node's files be what the exchange in the store says. Idempotent: what was cut short
/// is done at the next look.
struct AuthorityFollower: Sendable {
    let node: NodeParts
    /// Told when an authority is trusted no more.
    let callers: NodeCallers

    private var certificates: ClusterCertificates { node.certificates }

    func follow(_ known: KnownExchange) async throws {
        let new = known.exchange.new
        let isMember = await node.role.record?.member != nil
        switch known.phase {
        case .trusting: try trustBoth(known, isMember)
        case .issuing:
            try trustBoth(known, isMember)
            try certificates.takeNext(new)
            try await showNew(known)
        case .retiring, .done:
            guard node.authorities.shown == new.node else {
                // It was away, and is still known by the old one.
                try trustBoth(known, isMember)
                try certificates.takeNext(new)
                return try await showNew(known)
            }
            try retire(known, isMember)
        }
    }

    private func trustBoth(_ known: KnownExchange, _ isMember: Bool) throws {
        _ = try certificates.trust("node-ca", known.bothNode)
        if isMember { _ = try certificates.trust("peer-ca", known.bothMember) }
    }

    private func retire(_ known: KnownExchange, _ isMember: Bool) throws {
        try certificates.takeNext(known.exchange.new)
        let isLess = try certificates.trust("node-ca", [known.new.node])
        if isMember { _ = try certificates.trust("peer-ca", [known.new.member]) }
        try certificates.dropKeys(except: known.exchange.new)
        // Afterwards they are those of another exchange that is not known here yet.
        if known.phase == .retiring { try certificates.dropNext() }
        guard isLess else { return }
        callers.forget()
        node.log.notice("old authority is trusted no more")
    }

    /// A certificate by the new authority; this program starts anew with it.
    private func showNew(_ known: KnownExchange) async throws {
        let wanted = known.exchange.new.node
        guard node.authorities.shown != wanted else { return }
        if certificates.issuer(of: "node", "node-ca") != wanted {
            try await makeCertificate(known)
            node.log.notice("certificate made by the new authority")
        }
        // Not all nodes in the same moment.
        try await Task.sleep(for: .milliseconds(Int64.random(in: 0...Limits.renewalSpreadMs)))
        node.restart.soon()
        // This run of the program ends now.
        try await Task.sleep(for: Limits.nodeCall)
    }

    private func makeCertificate(_ known: KnownExchange) async throws {
        let hosts = node.peers.peer(node.own)?.addresses ?? []
        if let authority = certificates.nodeAuthority, authority.certificate == known.new.node {
            let key = KeyPair.newKey()
            let certificate = try authority.issue(
                to: key.publicKey, commonName: node.own.description,
                hosts: hosts + ["localhost", "127.0.0.1"], now: Date())
            return try KeyPair(certificate: certificate, key: key)
                .save(certificates.directory, "node")
        }
        guard let voter = node.peers.otherVoters.shuffled().lazy.compactMap(node.peers.peer).first
        else { throw StoreServiceError.noAuthority }
        let pair = try await Self.ask(voter, node)
        guard
            known.new.node.publicKey.isValidSignature(
                pair.certificate.signature, for: pair.certificate)
        else { throw StoreServiceError.oldAuthority(voter.id) }
        try pair.save(certificates.directory, "node")
    }

    /// A new certificate for this node, of a voter.
    static func ask(_ voter: Peer, _ node: NodeParts) async throws -> KeyPair {
        let key = KeyPair.newKey()
        let publicKey = try key.publicKey.serializeAsPEM().pemString
        let reply = try await node.connections.node(voter).renew(
            .with { $0.publicKey = publicKey },
            options: NodeConnections.options(Limits.nodeCall))
        return KeyPair(certificate: try Certificate(pemEncoded: reply.certificate), key: key)
    }
}
