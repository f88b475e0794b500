import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror

/// Whether the nodes did what a volume's head says, by their reports.
struct NodeWait: Sendable {
    var volume: Volume
    /// At which the head was written.
    var revision: Int64
    /// Nodes that are known not to answer: they follow when they are back.
    var silent: Set<PeerID> = []

    var peers: Set<PeerID> { Set(volume.topology.allBricks.map(\.peer)) }

    /// Whether nothing more is to be expected: all is done, or given up.
    func isOver(_ view: MirrorView) -> Bool {
        // Where nobody answers there is at least what was written.
        guard view.revision >= revision else { return false }
        return peers.subtracting(silent).allSatisfy { peer in
            guard let report = report(peer, view), report.headRevision >= revision else {
                return false
            }
            return report.converged || report.bricks.contains { $0.phase == .failed }
        }
    }

    func isDone(_ peer: PeerID, _ view: MirrorView) -> Bool {
        report(peer, view).map { $0.headRevision >= revision && $0.converged } ?? false
    }

    /// The names of those that are silent and have not done it.
    func left(_ view: MirrorView) -> [String] {
        let names = ClusterNames(view: view)
        return silent.filter { !isDone($0, view) }.map(names.name).sorted()
    }

    /// What is not as it should be on nodes that answer, in words; none when all is.
    func missing(_ view: MirrorView) -> [String] {
        let names = ClusterNames(view: view)
        return peers.subtracting(silent).flatMap { peer -> [String] in
            guard let report = report(peer, view), report.headRevision >= revision else {
                let name = names.name(of: peer)
                return ["peer \(name) has not answered: is gd2-brickd up there?"]
            }
            guard !report.converged else { return [] }
            let wanted: BrickReport.Phase = volume.head.state == .started ? .online : .offline
            return report.bricks.filter { $0.phase != wanted }.map { brick in
                let what = brick.index < 0 ? "self-heal daemon" : "brick \(brick.path)"
                let why = brick.message.isEmpty ? "" : " (\(brick.message))"
                return "\(what) is \(brick.phase.rawValue)\(why)"
            }
        }
    }

    /// Nil when nothing is missing.
    func failure(_ view: MirrorView) -> GD2Error? {
        let missing = missing(view)
        guard !missing.isEmpty else { return nil }
        return GD2Error(
            .timedOut,
            "volume \(volume.name) is \(verb), but not everywhere: "
                + missing.sorted().joined(separator: "; "))
    }

    var verb: String { volume.head.state == .started ? "started" : "stopped" }

    private func report(_ peer: PeerID, _ view: MirrorView) -> VolumeReport? {
        guard let key = view.identity?.keys.volumeReport(volume.id, by: peer),
            let value = view.values[key]
        else { return nil }
        return try? RecordCoding.decode(VolumeReport.self, from: value.value)
    }
}
