import AuthorityExchange
import FoundationEssentials
import NodeAPI
import Synchronization

/// What this node has of the authorities, as it tells other nodes.
final class AuthorityReport: Sendable {
    private let certificates: ClusterCertificates
    /// Who has signed the certificate that this run of the program shows: it was read at the start.
    let shown: String
    private let state: Mutex<Holdings>

    init(_ certificates: ClusterCertificates) {
        self.certificates = certificates
        shown = certificates.issuer(of: "node", "node-ca")
        let trusted = certificates.fingerprints(certificates.roots("node-ca"))
        state = Mutex(Holdings(node: Holding(trusted: trusted, shown: shown)))
    }

    var holdings: Holdings { state.withLock { $0 } }

    /// Reads the files anew.
    func look(_ role: MemberRole) async {
        let trusted = certificates.fingerprints(certificates.roots("node-ca"))
        let keys = certificates.heldKeys
        var next = Holdings(
            node: Holding(trusted: trusted, shown: shown), keys: keys.now, nextKeys: keys.next)
        if await role.record?.member != nil {
            next.member = await Holding(
                trusted: role.runningTrust, shown: certificates.issuer(of: "peer", "peer-ca"))
        }
        let final = next
        state.withLock { $0 = final }
    }
}

extension Holdings {
    init(_ wire: Gd2_Node_V1_Holdings) {
        self.init(
            node: Holding(trusted: Set(wire.nodeTrusted), shown: wire.nodeShown),
            member: wire.runsMember
                ? Holding(trusted: Set(wire.memberTrusted), shown: wire.memberShown) : nil,
            keys: Set(wire.keys), nextKeys: Set(wire.nextKeys))
    }
}

extension Gd2_Node_V1_Holdings {
    init(_ has: Holdings) {
        self.init()
        nodeTrusted = has.node.trusted.sorted()
        nodeShown = has.node.shown
        runsMember = has.member != nil
        memberTrusted = has.member?.trusted.sorted() ?? []
        memberShown = has.member?.shown ?? ""
        keys = has.keys.sorted()
        nextKeys = has.nextKeys.sorted()
    }
}
