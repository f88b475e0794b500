import BrickAPI
import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction

/// Where a step runs: gd2-brickd of a node.
protocol StepTarget: Sendable {
    func run(_ command: StepCommand, on peer: PeerID) async throws
    /// Whether that node is known not to answer, or is no peer any more.
    func isAway(_ peer: PeerID) async -> Bool
}

/// gd2-brickd of every node: this node's over its socket, the others' by way of gd2-store.
struct NodeBricks: StepTarget {
    let own: BrickClient
    let local: LocalStore

    /// What the nodes of a volume say of its bricks now, and who says nothing.
    struct States: Sendable {
        var live: [PeerID: [BrickState]] = [:]
        var missing: [PeerID: MissingNode] = [:]
    }

    private func isOwn(_ peer: PeerID) -> Bool { peer == local.mirror.view.identity?.peer }

    private func relay(to peer: PeerID) -> BrickRelay {
        BrickRelay { [calls = local.calls] method, message, timeout throws(GD2Error) in
            try await calls.callBrick(
                of: peer, method: method, message: message, timeout: timeout)
        }
    }

    func run(_ command: StepCommand, on peer: PeerID) async throws {
        // Who falls silent, or is already, is not waited for.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                if isOwn(peer) {
                    try await own.run(command, timeout: Limits.stepTimeout)
                } else {
                    try await relay(to: peer).run(command, timeout: Limits.stepTimeout)
                }
            }
            group.addTask { try await failWithoutBrickd(of: peer) }
            if !isOwn(peer) { group.addTask { try await failWhenSilent(peer) } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func name(of peer: PeerID) -> String {
        ClusterNames(view: local.mirror.view).name(of: peer)
    }

    private func failWhenSilent(_ peer: PeerID) async throws -> Never {
        while await local.silent(of: [peer]).isEmpty {
            try await Task.sleep(for: Limits.silentEvery)
        }
        throw GD2Error(
            .unavailable, "peer \(name(of: peer)) does not answer: see glustercli peer status")
    }

    /// A step may take long; that nobody is there to do it shows sooner, by what is answered from
    /// memory. Goes on for ever where somebody is.
    private func failWithoutBrickd(of peer: PeerID) async throws -> Never {
        let noVolume = VolumeID(high: 0, low: 0)
        try await Task.sleep(for: Limits.brickdQuiet)
        do {
            let limit = Limits.brickdStart - Limits.brickdQuiet
            _ =
                isOwn(peer)
                ? try await own.status(of: noVolume, timeout: limit)
                : try await relay(to: peer).status(of: noVolume, timeout: limit)
        } catch let error where [.unavailable, .timedOut].contains(error.code) {
            let name = name(of: peer)
            throw GD2Error(
                .unavailable,
                "gd2-brickd of \(name) does not answer: on \(name), systemctl status gd2-brickd")
        } catch {}
        while true { try await Task.sleep(for: Limits.stepTimeout) }
    }

    func isAway(_ peer: PeerID) async -> Bool {
        guard !isOwn(peer), let probed = await local.peers() else { return false }
        guard let seen = probed[peer] else { return true }
        // One that was never asked may answer.
        return !seen.isReachable && seen.heardAgo != nil
    }

    /// All nodes at once, within the time of a read; one that is known not to answer is not asked.
    func states(of volume: Volume, _ state: ClusterState) async -> States {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        let others = peers.filter { !isOwn($0) }
        var probed: [PeerID: PeerState]?
        if !others.isEmpty {
            probed = await firstAnswer(within: local.waits.probes) { await local.peers() }
        }
        let waits = local.waits
        let left = others.isEmpty ? waits.read : waits.read - waits.probes
        let found = probed
        return await withTaskGroup(of: (PeerID, [BrickState]?).self) { group in
            var states = States()
            for peer in peers where isOwn(peer) || found?[peer]?.isReachable != false {
                group.addTask { (peer, await ask(peer, volume.id, within: left)) }
            }
            for await (peer, bricks) in group { states.live[peer] = bricks }
            for peer in peers where states.live[peer] == nil {
                states.missing[peer] = missing(peer, found?[peer], state)
            }
            return states
        }
    }

    /// Why directories cannot become bricks, by their nodes, all asked at once within the time of a
    /// read; and the nodes that did not say it. Nothing is changed.
    func examine(
        _ bricks: [PeerID: BrickArguments]
    ) async -> (refusals: [PeerID: GD2Error], unasked: Set<PeerID>) {
        let limit = local.waits.read
        return await withTaskGroup(of: (PeerID, [GD2Error]?).self) { group in
            for (peer, arguments) in bricks {
                group.addTask {
                    let said = await firstAnswer(within: limit) {
                        isOwn(peer)
                            ? try? await own.examine(arguments, timeout: limit)
                            : try? await relay(to: peer).examine(arguments, timeout: limit)
                    }
                    return (peer, said)
                }
            }
            var refusals: [PeerID: GD2Error] = [:]
            var unasked: Set<PeerID> = []
            for await (peer, said) in group {
                if let said { refusals[peer] = said.first } else { unasked.insert(peer) }
            }
            return (refusals, unasked)
        }
    }

    private func ask(
        _ peer: PeerID, _ volume: VolumeID, within limit: Duration
    ) async -> [BrickState]? {
        await firstAnswer(within: limit) {
            isOwn(peer)
                ? try? await own.status(of: volume, timeout: limit)
                : try? await relay(to: peer).status(of: volume, timeout: limit)
        }
    }

    private func missing(
        _ peer: PeerID, _ probe: PeerState?, _ state: ClusterState
    ) -> MissingNode {
        let name = state.peers[peer]?.name ?? "\(peer)"
        var node = MissingNode(peerID: "\(peer)", name: name, message: "")
        if isOwn(peer) {
            node.message = "gd2-brickd does not answer"
        } else if let probe, !probe.isReachable {
            node.heardSecondsAgo = probe.heardAgo?.components.seconds
            let since = node.heardSecondsAgo.map { " since \($0) s" } ?? ""
            node.message = "\(name) does not answer\(since)"
        } else {
            node.message = "gd2-brickd of \(name) does not answer"
        }
        return node
    }
}
