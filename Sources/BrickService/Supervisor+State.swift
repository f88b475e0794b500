import BrickAPI
import BrickSupervision
import GlusterModel
import StoreAPI
import StoreMirror

/// What the supervisor tells others of this node's processes.
extension Supervisor {
    /// The present moment, then each change.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        watcherNext += 1
        let id = watcherNext
        watchers[id] = continuation
        continuation.yield()
        return stream
    }

    func changed() {
        for (id, watcher) in watchers {
            if case .terminated = watcher.yield() { watchers[id] = nil }
        }
    }

    var ports: [PortEntry] {
        slots.compactMap { role, slot in
            guard case .online(let pid, _) = slot.machine.phase, !slot.name.isEmpty else {
                return nil
            }
            return PortEntry(name: slot.name, port: slot.port, pid: pid, volume: role.volume)
        }
    }

    /// What this node says of its volumes.
    var reports: [VolumeID: VolumeReport] {
        guard let peer = cluster.identity?.peer else { return [:] }
        var reports: [VolumeID: VolumeReport] = [:]
        let byVolume = Dictionary(grouping: slots) { $0.key.volume }
        for volume in cluster.volumes.values where !volume.allBricks(of: peer).isEmpty {
            let own = byVolume[volume.id] ?? []
            let bricks = own.map { Self.report($0.key, $0.value) }.sorted { $0.index < $1.index }
            reports[volume.id] = VolumeReport(
                volume: volume.id, bootID: bootID, incarnation: incarnation,
                headRevision: cluster.headRevisions[volume.id] ?? 0,
                converged: own.allSatisfy { $0.value.machine.isConverged && !$0.value.isRetiring },
                bricks: bricks)
        }
        return reports
    }

    func states(of volume: VolumeID) -> [BrickState] {
        slots.filter { $0.key.volume == volume }
            .map { FileSystemInfo.state(Self.report($0.key, $0.value)) }
            .sorted { $0.report.index < $1.report.index }
    }

    /// What this node's view says of the volume's topology; nil before there is a view.
    func generation(of volume: VolumeID, isCurrent: Bool) -> KnownGeneration? {
        guard let epoch = cluster.identity?.epoch else { return nil }
        return KnownGeneration(
            epoch: epoch, revision: cluster.revision, isCurrent: isCurrent,
            generation: cluster.volumes[volume]?.head.generation)
    }

    private static func report(_ role: ProcessRole, _ slot: Slot) -> BrickReport {
        var isOnline = false
        if case .online = slot.machine.phase { isOnline = true }
        return BrickReport(
            index: role.index, path: slot.name, phase: slot.machine.reported,
            pid: slot.machine.pid ?? 0, port: isOnline ? slot.port : 0,
            failures: slot.machine.failures, message: slot.machine.message, device: slot.device)
    }
}
