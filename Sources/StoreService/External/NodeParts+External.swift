import Certificates
import GD2Error
import GlusterModel
import Logging
import NodeAPI
import StoreAPI

extension NodeParts {
    /// Throws where the store is not ours. `what`: what is for others to do, up to "for".
    func refuseExternal(_ what: String) throws(GD2Error) {
        guard isExternal else { return }
        let places =
            configuration.isExternal
            ? configuration.etcdEndpoints : peers.members.external?.endpoints ?? []
        throw GD2Error(
            .conflict,
            "the store is the external etcd at \(places.joined(separator: ", ")): \(what) its "
                + "administrator (docs/cluster.md, \"External etcd\")")
    }

    /// Of the authority by which this node can let others in; empty: it cannot.
    var authorityDigest: String {
        get throws {
            guard let authority = certificates.nodeAuthority else { return "" }
            return String(try CertificateChain.fingerprint(of: authority.certificate).prefix(16))
        }
    }

    /// Takes the authority from another node that speaks to the external etcd, as this one does.
    func takeAuthority(_ request: Gd2_Node_V1_RunMemberRequest) throws {
        guard configuration.isExternal else {
            throw GD2Error(.conflict, "this node does not speak to the external etcd itself")
        }
        guard certificates.nodeAuthority == nil else { return }
        try TextFile.write(certificates.path("node-ca.key"), request.nodeAuthorityKey)
        try TextFile.write(certificates.path("node-ca.pem"), request.nodeAuthority)
        log.notice("authority taken from another node")
    }
}
