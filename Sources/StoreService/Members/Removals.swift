import GRPCCore
import GlusterModel
import Logging
import NodeAPI
import StoreAPI

/// The end of a peer's removal.
struct Removals: Sendable {
    let node: NodeParts
    let liveness: Liveness
    let store: UpstreamStore

    private var holders: KeyHolders { KeyHolders(node: node, store: store) }

    /// A leaving peer that is no member any more is none: its keys go, and it is told.
    func finish(unless isMember: (PeerID) -> Bool) async throws {
        let keys = node.state.identity.store.keys
        for peer in node.peers.leaving where !isMember(peer) {
            let known = node.peers.peer(peer)
            if let known, liveness.of(peer).isReachable {
                let timeout = NodeConnections.options(Limits.memberChange)
                // It may be gone already; whoever comes back is told then.
                _ = try? await node.connections.node(known).leave(.init(), options: timeout)
            }
            // Who has a copy of its disk has the keys that it had.
            let had = try await holders.removal(of: peer, name: known?.name ?? "\(peer)")
            let result = try await store.txn(
                if: [had.unchanged],
                then: had.operations + [
                    .delete(key: keys.peer(peer)), .delete(key: keys.alive(peer)),
                    .deletePrefix(keys.reported(by: peer)), .delete(key: keys.leavingPeer(peer)),
                    .delete(key: keys.builds(of: peer)),
                    .put(key: keys.removedPeer(peer), value: Array("{\"schema\":1}".utf8)),
                ])
            guard result.succeeded else { continue }
            node.log.notice("peer removed", metadata: ["peer": "\(known?.name ?? "\(peer)")"])
        }
    }
}
