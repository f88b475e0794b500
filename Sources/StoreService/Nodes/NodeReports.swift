import FoundationEssentials
import GRPCCore
import GlusterModel
import NodeAPI
import StoreAPI

/// Asks nodes what they say of themselves; nobody waits for one that is known not to answer.
struct NodeReports: Sendable {
    let node: NodeParts
    let liveness: Liveness
    let own: OwnReport

    /// Of those of `peers` that are peers; all at once, within ``Limits/nodeReport``.
    func ask(_ peers: Set<PeerID>) async -> [PeerID: AskedNode] {
        await withTaskGroup(of: AskedNode.self) { group in
            for peer in peers { group.addTask { await ask(peer) } }
            var asked: [PeerID: AskedNode] = [:]
            for await one in group { asked[one.peer] = one }
            return asked
        }
    }

    private func ask(_ peer: PeerID) async -> AskedNode {
        if peer == node.own { return AskedNode(peer: peer, report: await own.now) }
        guard let known = node.peers.peer(peer) else {
            return AskedNode(peer: peer, report: nil, message: "it is not known here")
        }
        let seen = liveness.of(peer)
        // One that was never asked may answer.
        if !seen.isReachable, seen.unreachableSince != nil {
            return AskedNode(peer: peer, report: nil, message: "it does not answer")
        }
        do {
            let reply = try await node.connections.node(known).report(
                .init(), options: NodeConnections.options(Limits.nodeReport))
            return AskedNode(peer: peer, report: NodeReport(reply))
        } catch let error as RPCError where error.code == .unimplemented {
            return AskedNode(
                peer: peer, report: nil,
                message: "its version \(seen.version) does not say it: upgrade it")
        } catch {
            return AskedNode(peer: peer, report: nil, message: "it does not answer in time")
        }
    }
}
