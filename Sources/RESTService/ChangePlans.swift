import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction
import VolumeOptions

/// Dry runs: the whole validation of a change on the present state, then what it would do. Nothing
/// is written and no lock is taken.
extension VolumeChanges {
    func planCreate(_ request: VolCreateReq, _ nodes: NodeBricks) async throws -> DryRunInfo {
        let state = try await fresh()
        let volume = try creatable(request, state)
        try await checkGates(volume)
        try await checkReachable(
            Set(volume.topology.allBricks.map(\.peer)), state, "volume \(volume.name) is not made")
        let flags = try Self.flags(request.flags, force: request.force)
        try await refuseLocked(volume.name)
        let unasked = try await examine(volume, flags, nodes, state)
        let bricks = volume.topology.allBricks
        let count = bricks.count == 1 ? "1 brick" : "\(bricks.count) bricks"
        var changes = [
            PendingChange(
                .create, "volume/\(volume.name)",
                "volume \(volume.name) would be created, with \(count)", to: "created")
        ]
        changes += bricks.map { brick in
            let place = Self.place(brick, state)
            return PendingChange(
                .prepare, "brick/\(place)", "\(place) would be marked as a brick of \(volume.name)")
        }
        guard !unasked.isEmpty else { return DryRunInfo(changes: changes) }
        return DryRunInfo(
            changes: changes,
            notes: [
                "the directories on \(unasked.joined(separator: ", ")) are checked only when it is "
                    + "done: gd2-brickd there did not say in time how they are"
            ])
    }

    /// Throws as the creation would end, where a directory cannot become a brick; gives the names
    /// of the nodes that did not say whether theirs can.
    private func examine(
        _ volume: Volume, _ flags: BrickFlags, _ nodes: NodeBricks, _ state: ClusterState
    ) async throws -> [String] {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        let bricks = peers.map { peer in
            (
                peer,
                BrickArguments(
                    volume: volume.id, name: volume.name, bricks: volume.allBricks(of: peer),
                    flags: flags)
            )
        }
        let found = await nodes.examine(Dictionary(uniqueKeysWithValues: bricks))
        let first = volume.topology.allBricks.first { found.refusals[$0.peer] != nil }
        if let peer = first?.peer, let refusal = found.refusals[peer] {
            throw GD2Error(
                refusal.code, refusal.message,
                fields: [
                    "step": Step.Action.prepareBricks.rawValue, "peer-id": peer.description,
                ])
        }
        return found.unasked.map { state.peers[$0]?.name ?? "\($0)" }.sorted()
    }

    func planDelete(_ name: String) async throws -> DryRunInfo {
        let state = try await fresh()
        let volume = try deletable(name, state)
        try await refuseLocked(volume.name)
        var changes = [
            PendingChange(
                .delete, "volume/\(volume.name)", "volume \(volume.name) would be deleted",
                from: volume.head.state.rawValue)
        ]
        changes += volume.topology.allBricks.map { brick in
            let place = Self.place(brick, state)
            return PendingChange(
                .release, "brick/\(place)",
                "\(place) would be no brick any more; its files would stay")
        }
        return DryRunInfo(changes: changes)
    }

    func planStart(_ name: String, force: Bool) async throws -> DryRunInfo {
        try await planState(name) { head throws(GD2Error) in try Self.start(&head, force: force) }
    }

    func planStop(_ name: String) async throws -> DryRunInfo {
        try await planState(name) { head throws(GD2Error) in try Self.stop(&head) }
    }

    private func planState(
        _ name: String, _ change: (inout VolumeHead) throws(GD2Error) -> Void
    ) async throws -> DryRunInfo {
        let state = try await fresh()
        let volume = try volume(name, in: state)
        var head = volume.head
        try change(&head)
        try await refuseLocked(volume.name)
        let isStart = head.state == .started
        let action: PendingChange.Action = isStart ? .start : .stop
        let verb = isStart ? "started" : "stopped"
        var changes: [PendingChange] = []
        if head.state != volume.head.state {
            changes.append(
                PendingChange(
                    action, "volume/\(head.name)", "volume \(head.name) would be \(verb)",
                    from: volume.head.state.rawValue, to: head.state.rawValue))
        }
        for brick in volume.topology.allBricks {
            let report = state.reports[volume.id]?[brick.peer]?.bricks.first {
                $0.index == brick.index
            }
            let phase = report?.phase ?? .offline
            guard phase != (isStart ? .online : .offline) else { continue }
            let place = Self.place(brick, state)
            changes.append(
                PendingChange(
                    action, "brick/\(place)", "\(place) would be \(verb)", from: phase.rawValue,
                    to: isStart ? "online" : "offline"))
        }
        return DryRunInfo(changes: changes)
    }

    func refuseLocked(_ name: VolumeName) async throws {
        if let held = try await ObjectLock.holder(of: "volume/\(name)", store: store) { throw held }
    }

    static func place(_ brick: Brick, _ state: ClusterState) -> String {
        let peer = state.peers[brick.peer]
        return "\(peer?.name ?? brick.peer.description):\(brick.path)"
    }
}

extension OptionChanges {
    func planSet(_ changes: [String: String], of volume: Volume) async throws -> DryRunInfo {
        try await plan(volume, setting(changes, of: volume))
    }

    func planReset(
        _ names: [String]?, of volume: Volume, force: Bool
    ) async throws -> DryRunInfo {
        try await plan(volume, resetting(names, of: volume, force: force))
    }

    private func plan(
        _ volume: Volume, _ change: (Volume) throws -> Altered
    ) async throws -> DryRunInfo {
        let new = try change(volume).options
        if let held = try await ObjectLock.holder(of: "volume/\(volume.name)", store: store) {
            throw held
        }
        var info = difference(volume.options, new, of: "volume \(volume.name)")
        let keys = Set(new.keys).union(volume.options.keys).filter { new[$0] != volume.options[$0] }
        let waiting = restarting(keys, of: volume)
        if !waiting.isEmpty {
            info.notes.append(
                "\(waiting.joined(separator: ", ")) would take effect when the bricks are restarted"
            )
        }
        return info
    }

    func planSetCluster(_ changes: [String: String], _ options: [String: String]) throws
        -> DryRunInfo
    {
        try difference(options, settingCluster(changes)(options), of: "the cluster")
    }

    func planResetCluster(_ names: [String]?, _ options: [String: String]) throws -> DryRunInfo {
        try difference(options, resettingCluster(names)(options), of: "the cluster")
    }

    private func difference(
        _ old: [String: String], _ new: [String: String], of owner: String
    ) -> DryRunInfo {
        let keys = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
        return DryRunInfo(
            changes: keys.map { key in
                let standard = table.defaultValue(key) ?? ""
                let before = old[key] ?? "\(standard) (the default)"
                let after = new[key] ?? "\(standard) (the default)"
                return PendingChange(
                    new[key] == nil ? .reset : .set, "option/\(key)",
                    "\(key) of \(owner) would go from \(before) to \(after)",
                    from: old[key] ?? standard, to: new[key] ?? standard)
            })
    }
}

extension OptionGroups {
    func planCreate(_ info: OptionGroupInfo) throws -> DryRunInfo {
        let new = try creatable(info)
        guard try group(named: info.name) == nil else { throw exists(info.name) }
        let count = new.options.count == 1 ? "1 option" : "\(new.options.count) options"
        return DryRunInfo(changes: [
            PendingChange(
                .create, "group/\(new.name)", "group \(new.name) would be made, with \(count)")
        ])
    }

    func planDelete(_ name: String) throws -> DryRunInfo {
        let group = try deletable(name)
        return DryRunInfo(changes: [
            PendingChange(
                .delete, "group/\(group.name)",
                "group \(group.name) would be deleted; volumes keep their options")
        ])
    }
}
