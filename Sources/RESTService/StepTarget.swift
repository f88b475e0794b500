import BrickAPI
import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror

/// Where a step runs: gd2-brickd of a node.
protocol StepTarget: Sendable {
    func run(_ command: StepCommand, on peer: PeerID) async throws
}

/// This node's gd2-brickd; a cluster of one node has no other.
struct LocalSteps: StepTarget {
    let client: BrickClient
    let mirror: StoreMirror

    func run(_ command: StepCommand, on peer: PeerID) async throws {
        guard peer == mirror.view.identity?.peer else {
            throw GD2Error(.unavailable, "peer \(peer) cannot be reached from this node")
        }
        try await client.run(command, timeout: Limits.stepTimeout)
    }
}
