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

    /// Something is new of `volumes`; nil: of all.
    func tell(_ volumes: Set<VolumeID>?) {
        if let volumes { untold?.formUnion(volumes) } else { untold = nil }
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

    /// What this node says of volumes.
    struct Reports: Sendable {
        /// Whether there are no others.
        var isAll: Bool
        /// Nil: of a volume that has nothing here.
        var reports: [VolumeID: VolumeReport?]
        var states: [VolumeID: VolumeState] = [:]
    }

    /// What is new since this was called last, and of the volumes `also`; nil: of all.
    func newReports(also: Set<VolumeID>?) -> Reports {
        guard let peer = cluster.identity?.peer else { return Reports(isAll: false, reports: [:]) }
        let wanted = untold.flatMap { untold in also.map(untold.union) }
        untold = []
        var own: [VolumeID: [(role: ProcessRole, slot: Slot)]] = [:]
        for role in slots.keys where wanted?.contains(role.volume) != false {
            slots[role].map { own[role.volume, default: []].append((role, $0)) }
        }
        var told = Reports(isAll: wanted == nil, reports: [:])
        for id in wanted ?? Set(cluster.volumes.keys) {
            let volume = cluster.volumes[id]
            let hasBricks = volume?.allBricks(of: peer).isEmpty == false
            told.reports[id] = .some(hasBricks ? report(of: id, own[id] ?? []) : nil)
            told.states[id] = volume?.head.state
        }
        return told
    }

    private func report(
        of volume: VolumeID, _ own: [(role: ProcessRole, slot: Slot)]
    ) -> VolumeReport {
        VolumeReport(
            volume: volume, bootID: bootID, incarnation: incarnation,
            headRevision: cluster.headRevisions[volume] ?? 0,
            converged: own.allSatisfy { $0.slot.machine.isConverged && !$0.slot.isRetiring },
            bricks: own.map { Self.report($0.role, $0.slot) }.sorted { $0.index < $1.index })
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
