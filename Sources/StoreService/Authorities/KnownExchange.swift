import AuthorityExchange
import Certificates
import StoreAPI
import SwiftASN1
import X509

/// A record of the store, read.
struct KnownExchange: Sendable {
    var record: StoredAuthorityExchange
    var exchange: AuthorityExchange
    var old: (node: [Certificate], member: [Certificate])
    var new: (node: Certificate, member: Certificate)

    init(_ record: StoredAuthorityExchange) throws {
        self.record = record
        old = try (
            node: record.old.node.map(Certificate.init(pemEncoded:)),
            member: record.old.member.map(Certificate.init(pemEncoded:))
        )
        guard let node = record.new.node.first, let member = record.new.member.first else {
            throw StoreServiceError.noAuthority
        }
        new = try (Certificate(pemEncoded: node), Certificate(pemEncoded: member))
        exchange = try AuthorityExchange(
            phase: record.phase,
            oldNode: Set(old.node.map(CertificateChain.fingerprint(of:))),
            oldMember: Set(old.member.map(CertificateChain.fingerprint(of:))),
            new: AuthorityNames(
                node: CertificateChain.fingerprint(of: new.node),
                member: CertificateChain.fingerprint(of: new.member)))
    }

    var phase: ExchangePhase { record.phase }
    var bothNode: [Certificate] { old.node + [new.node] }
    var bothMember: [Certificate] { old.member + [new.member] }
}
