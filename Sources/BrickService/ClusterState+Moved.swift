import GlusterModel
import StoreAPI
import StoreMirror

extension ClusterState {
    /// Whether the volume may have other bricks by now without this node having taken part.
    func canHaveMoved(_ volume: Volume) -> Bool {
        peers.count > 1 && volume.topology.allBricks.contains { $0.peer != identity?.peer }
    }

    /// Whether bricks of this node are to run that a newer view may not have.
    var mayHaveMovedBricks: Bool {
        volumes.values.contains { volume in
            volume.head.state == .started && canHaveMoved(volume)
                && volume.topology.allBricks.contains { $0.peer == identity?.peer }
        }
    }
}
