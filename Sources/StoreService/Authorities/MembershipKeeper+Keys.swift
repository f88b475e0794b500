import AuthorityExchange
import Certificates
import GlusterModel

extension MembershipKeeper {
    /// Whether a member has the keys of the authorities that are to sign next, as far as is known.
    func hasNextKeys(_ peer: PeerID) throws -> Bool {
        guard peer != node.own, let has = liveness.of(peer).holdings else { return true }
        let next = try ClusterCertificates.authorityNames.compactMap {
            try node.certificates.nextAuthority($0).map {
                try CertificateChain.fingerprint(of: $0.certificate)
            }
        }
        return has.keys.union(has.nextKeys).isSuperset(of: next)
    }
}
