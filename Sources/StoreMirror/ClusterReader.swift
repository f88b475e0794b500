import Synchronization

/// What a mirror says of the cluster, decoded once for every view that is asked for.
public final class ClusterReader: Sendable {
    private let mirror: StoreMirror
    private let state = Mutex(Known())

    private struct Known {
        var decoder = ClusterDecoder()
        var number: UInt64?
        var cluster = ClusterState()
    }

    public init(_ mirror: StoreMirror) { self.mirror = mirror }

    /// The newest state.
    public var current: ClusterState {
        state.withLock { state in
            let view = mirror.view
            // What only has a higher revision says the same.
            if state.number != view.number {
                state.cluster = state.decoder.state(of: view)
                state.number = view.number
            }
            state.cluster.freshness = view.freshness
            return state.cluster
        }
    }
}
