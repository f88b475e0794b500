import GlusterModel
import Membership
import NodeAPI

extension NodeParts {
    /// Whether this node may put its own addresses into the store in place of `addresses`: not
    /// while another machine is this peer there.
    func mayRegister(over addresses: [String]) async -> Bool {
        guard let rival = await claim.rival(registeredAt: addresses) else { return true }
        await standDown(rival)
        return false
    }

    /// Looks after what a peer says of where this one answers it.
    func checkClaim(_ reply: Gd2_Node_V1_ProbeReply) async {
        if let rival = await claim.rival(hinted: reply) { await standDown(rival) }
    }

    /// Another machine is this peer for the others: the next start refuses, before which etcd ends.
    private func standDown(_ rival: IdentityClaim.Rival) async {
        claim.standDown(rival, name: peers.peer(own)?.name ?? "\(own)")
        await EtcdLife(stateDirectory: configuration.stateDirectory).end()
        restart.soon()
    }
}
