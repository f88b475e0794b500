import BrickAPI
import GD2Error
import GlusterModel
import Logging
import OldTopology
import StoreAPI
import StoreMirror
import Synchronization

/// Keeps clients from an old topology, and from being told too early that there is no such volume,
/// while the view of the store is not current: asks peers with bricks of the volume, by way of
/// gd2-store, whether this one is the newest.
final class TopologyConfirmation: Sendable {
    private struct State {
        var topologies = TopologyGuard()
        var waitersCount = 0
    }

    private let volfiles: VolfileServer
    private let mirror: StoreMirror
    private let cluster: ClusterClient
    private let log: Logger
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    init(volfiles: VolfileServer, mirror: StoreMirror, cluster: ClusterClient, log: Logger) {
        self.volfiles = volfiles
        self.mirror = mirror
        self.cluster = cluster
        self.log = log
    }

    private var now: Duration { clock.now - began }

    private var freshness: TopologyGuard.Freshness {
        if isCurrent { return .current }
        // Current again, but what is served is from before.
        guard case .stale(let age) = mirror.view.freshness else { return .stale(age: nil) }
        return .stale(age: age)
    }

    private var isCurrent: Bool { volfiles.currentLosses.map(mirror.isCurrent) ?? false }

    /// Whether the volfile may be served without waiting for anything.
    func allow(_ volfile: String) -> Bool {
        if isCurrent { return true }
        guard let topology = volfiles.clientTopology(volfile) else {
            return volfiles.knows(volfile)
        }
        let (freshness, now) = (freshness, now)
        return state.withLock { $0.topologies.allows(topology, freshness: freshness, now: now) }
    }

    /// Asks, and waits a little: whether the volfile may be served.
    func confirm(_ volfile: String) async -> Bool {
        let hasRoom = state.withLock { state in
            guard state.waitersCount < Limits.topologyWaitersMax else { return false }
            state.waitersCount += 1
            return true
        }
        defer { if hasRoom { state.withLock { $0.waitersCount -= 1 } } }
        await waitUntilKnown(volfile, until: now + (hasRoom ? Limits.unknownWait : .zero))
        let end = now + (hasRoom ? Limits.topologyWait : .zero)
        while let topology = volfiles.clientTopology(volfile) {
            let (freshness, now) = (freshness, now)
            let verdict = state.withLock { state in
                state.topologies.decide(on: topology, freshness: freshness, now: now)
            }
            switch verdict {
            case .serve: return true
            case .ask(let peers):
                let answers = await ask(peers, about: topology.volume)
                let end = self.now
                state.withLock { $0.topologies.answered(topology, by: answers, now: end) }
            case .wait:
                guard now < end else {
                    refused(topology)
                    return false
                }
                do { try await Task.sleep(for: Limits.topologyLookEvery) } catch { return false }
            }
        }
        return true
    }

    /// A volume that was made a moment before a restart may not be in the view of the run before.
    private func waitUntilKnown(_ volfile: String, until end: Duration) async {
        while !isCurrent, !volfiles.knows(volfile), now < end {
            do { try await Task.sleep(for: Limits.topologyLookEvery) } catch { return }
        }
    }

    func viewIsCurrent() { state.withLock { $0.topologies.viewIsCurrent() } }

    /// All at once; who says nothing in time counts as silent.
    private func ask(
        _ peers: [PeerID], about volume: VolumeID
    ) async -> [PeerID: KnownGeneration?] {
        await withTaskGroup(of: (PeerID, KnownGeneration?).self) { group in
            for peer in peers {
                group.addTask { (peer, await self.ask(peer, about: volume)) }
            }
            return await group.reduce(into: [:]) { answers, answer in
                answers.updateValue(answer.1, forKey: answer.0)
            }
        }
    }

    private func ask(_ peer: PeerID, about volume: VolumeID) async -> KnownGeneration? {
        let limit = Limits.confirmation
        let relay = BrickRelay { [cluster] method, message, timeout throws(GD2Error) in
            try await cluster.callBrick(
                of: peer, method: method, message: message, timeout: timeout)
        }
        return await withTaskGroup(of: KnownGeneration?.self) { group in
            group.addTask { [log] in
                do { return try await relay.generation(of: volume, timeout: limit) } catch {
                    log.debug(
                        "peer not asked", metadata: ["peer": "\(peer)", "error": "\(error)"])
                    return nil
                }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func refused(_ topology: ViewedTopology) {
        guard let answers = state.withLock({ $0.topologies.refused(topology) }) else { return }
        var said = topology.others.map { peer in
            let name = volfiles.name(of: peer)
            guard let known = answers[peer] ?? nil else { return "\(name) does not answer" }
            switch topology.compared(with: known) {
            case .confirmed: return "\(name) confirms it"
            case .nothing: return "\(name) knows less"
            case .contradicted:
                return known.generation == nil
                    ? "\(name) says that the volume is gone" : "\(name) knows a newer one"
            }
        }
        if let known = answers[topology.own] ?? nil,
            topology.compared(with: known) == .contradicted
        {
            said.append("gd2-brickd of this node knows a newer one")
        }
        log.warning(
            "volfile not served: the topology is not confirmed",
            metadata: [
                "volume": "\(topology.name)", "generation": "\(topology.generation)",
                "peers": "\(said.joined(separator: ", "))",
            ])
    }
}
