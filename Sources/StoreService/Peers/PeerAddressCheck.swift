import GD2Error
import GRPCCore
import GlusterModel
import NodeAPI
import SwiftProtobuf

extension PeerChanges {
    /// A peer that answers now stays where others reach it: one new address at least has to lead to
    /// it. One that does not answer may have been moved already.
    func checkLeads(_ addresses: [String], to peer: Peer) async throws {
        guard peer.id == node.own || liveness.of(peer.id).isReachable else { return }
        var moved = peer
        moved.addresses = addresses
        let places = moved.nodeAddresses
        let causes = try await withThrowingTaskGroup(of: String?.self) { group in
            for place in places { group.addTask { try await self.failure(of: place, as: peer.id) } }
            var causes: [String] = []
            for try await cause in group {
                guard let cause else {
                    group.cancelAll()
                    return [String]()
                }
                causes.append(cause)
            }
            return causes
        }
        guard !causes.isEmpty else { return }
        throw GD2Error(
            .conflict,
            "\(peer.name) would not be reached any more (\(causes.sorted().joined(separator: "; "))"
                + "): name an address beside it at which it answers")
    }

    /// Why `peer` does not answer at `place`; nil when it does.
    private func failure(of place: HostPort, as peer: PeerID) async throws -> String? {
        let identity = node.state.identity
        let request = Gd2_Node_V1_ProbeRequest.with {
            $0.clusterID = identity.cluster.description
            $0.peerID = identity.peer.description
            $0.epoch = identity.epoch.number
            $0.run = node.claim.run
        }
        do {
            // The handshake fails where another answers.
            return try await Joins.asking(place, NodeTLS.client(node.certificates, to: peer)) {
                client in
                _ = try await Gd2_Node_V1_Node.Client(wrapping: client).probe(
                    request, options: NodeConnections.options(Limits.probe))
                return nil
            }
        } catch let error as RPCError {
            return "\(place): \(CallFailure.text(error))"
        }
    }
}
