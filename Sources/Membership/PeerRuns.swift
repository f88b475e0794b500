public import GlusterModel

/// Which runs of each peer's gd2-store call this node, and from where. An id is of one run, and
/// comes back after another one's only where both live.
public struct PeerRuns: Sendable {
    private struct Call {
        var run: String
        var address: String
    }

    private var calls: [PeerID: (last: Call, before: Call?)] = [:]
    private var told: Set<PeerID> = []

    public init() {}

    /// Both addresses when two runs of `peer` are found to live at once; nil when that was said
    /// before, or is not so. An empty `run` is of a version that has no ids.
    public mutating func called(
        _ peer: PeerID, run: String, from address: String
    ) -> [String]? {
        guard !run.isEmpty else { return nil }
        let call = Call(run: run, address: address)
        guard let (last, before) = calls[peer] else {
            calls[peer] = (call, nil)
            return nil
        }
        guard last.run != run else { return nil }
        calls[peer] = (call, last)
        guard before?.run == run else {
            told.remove(peer)
            return nil
        }
        return told.insert(peer).inserted ? [last.address, address] : nil
    }
}
