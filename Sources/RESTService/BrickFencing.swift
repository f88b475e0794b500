import BrickAPI
import GD2Error
import GlusterModel
import OldTopology
import RESTAPI
import StoreAPI
import StoreMirror

/// Which nodes would miss a change of a volume's topology, and those that somebody fences.
extension VolumeChanges {
    /// What gd2-store's probes say now; nothing is taken from a volume without them.
    func probes(of volume: Volume) async throws -> [PeerID: PeerState] {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        if let probed = await local.peers(certainOf: peers) { return probed }
        throw GD2Error(
            .unavailable,
            "gd2-store did not say in time which nodes answer: see systemctl status gd2-store")
    }

    /// All nodes with bricks of the volume. One that the probes do not cover is asked itself.
    func holders(
        of volume: Volume, _ probed: [PeerID: PeerState], _ state: ClusterState
    ) async -> [Fencing.Holder] {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        return await withTaskGroup(of: Fencing.Holder.self) { group in
            for peer in peers {
                group.addTask {
                    Fencing.Holder(
                        peer: peer, name: state.peers[peer]?.name ?? "\(peer)",
                        contact: await contact(peer, volume, probed[peer], state))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func contact(
        _ peer: PeerID, _ volume: Volume, _ probe: PeerState?, _ state: ClusterState
    ) async -> Fencing.Contact {
        // This node takes the change: it reaches the store.
        if peer == state.identity?.peer { return .follows }
        guard let probe else { return .silent(seconds: nil, why: "it is no peer any more") }
        var answers = probe.isReachable
        if !answers, probe.heardAgo == nil {
            let relay = BrickRelay {
                [calls = local.calls] method, message, timeout throws(GD2Error) in
                try await calls.callBrick(
                    of: peer, method: method, message: message, timeout: timeout)
            }
            let limit = local.waits.read
            answers =
                await local.answer {
                    try await relay.generation(of: volume.id, timeout: limit)
                } != nil
        }
        guard answers else {
            return .silent(
                seconds: probe.heardAgo.map(\.components.seconds), why: probe.message)
        }
        let view = mirror.view
        let hasLease = view.identity.map { view.values[$0.keys.alive(peer)] != nil } ?? false
        return hasLease ? .follows : .hasNoStore
    }

    static func fences(
        _ request: ReplaceBrickReq, _ state: ClusterState
    ) throws -> [PeerID: String] {
        let names = request.fence ?? []
        guard names.count <= Limits.fencesMax else {
            throw GD2Error(.invalid, "\(names.count) fences are given: \(Limits.fencesMax) at most")
        }
        return try names.reduce(into: [:]) { fences, name in
            guard let peer = state.peer(named: name) else {
                let known = state.peers.values.map(\.name).sorted().joined(separator: ", ")
                throw GD2Error(
                    .invalid, "\(name), which is to be fenced, is no peer: there are \(known)")
            }
            fences[peer.id] = peer.name
        }
    }

    /// For programs: who would have to be fenced.
    static func fields(_ refusal: Fencing.Refusal) -> [String: String] {
        guard case .unfenced(let holders) = refusal else { return [:] }
        return ["fence": holders.map(\.peer.description).joined(separator: ",")]
    }

    /// A node that just died has its lease of the store for some seconds: it might still take part.
    func waitForLeases(_ fencing: Fencing) async throws {
        guard !fencing.fenced.isEmpty else { return }
        let keys = try await mirror.identity(of: store).keys
        let leases = fencing.fenced.map { keys.alive($0.peer) }
        do {
            _ = try await mirror.first(timeout: Limits.leaseEnd) { view in
                leases.allSatisfy { view.values[$0] == nil }
            }
        } catch StoreError.timedOut {
            let view = mirror.view
            let names = fencing.fenced.filter { view.values[keys.alive($0.peer)] != nil }
                .map(\.name).joined(separator: ", ")
            throw GD2Error(
                .conflict,
                "\(names) cannot be fenced: this node does not reach it, but it still follows the "
                    + "store: see glustercli peer status on other nodes")
        }
    }
}
