import BrickAPI
import FoundationEssentials
import GD2Error
import GlusterModel
import OldTopology
import Placement
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema
import Transaction

/// One brick of a volume in the place of another (decision 0043).
extension VolumeChanges {
    /// All that is known of a replacement before anything is changed.
    struct Replacing: Sendable {
        var volume: Volume
        /// As it is afterwards.
        var changed: Volume
        var replacement: Replacement
        var flags: BrickFlags
        var fencing: Fencing
        var state: ClusterState
    }

    /// The volume as it is afterwards, when the new brick is online or, where `asked` says so, when
    /// the job has begun; and who does not answer and follows later.
    func replaceBrick(
        _ name: String, _ request: ReplaceBrickReq, _ nodes: NodeBricks, _ asked: Asked
    ) async throws -> Changed {
        let plan = try await replacing(name, request, nodes)
        try await waitForLeases(plan.fencing)
        let change = try await locked(plan.volume, "replace-brick", asked)
        let keys = change.keys
        let record = replaceRecord(plan, change)
        var job = change.job
        job.result = "/v1/volumes/\(plan.volume.name)"
        let commit: TransactionRunner.Commit
        do { commit = try replaceCommit(plan, change, asked) } catch {
            runner.abandon(
                AbandonedLock(
                    lock: change.lock, object: record.lock, transaction: record.id,
                    release: asked.releasing(keys)))
            throw error
        }
        try await perform(record, job, change.lock, commit, asked)
        guard !asked.isAsync else { return Changed(volume: plan.changed) }
        return Changed(volume: plan.changed, silent: try await newBrickOnline(plan))
    }

    // MARK: Validation

    func replacing(
        _ name: String, _ request: ReplaceBrickReq, _ nodes: NodeBricks
    ) async throws -> Replacing {
        let state = try await fresh()
        let volume = try volume(name, in: state)
        let old = try Self.oldBrick(of: volume, request, state)
        guard volume.head.state == .started else {
            throw GD2Error(
                .conflict,
                "volume \(volume.name) is not started, so nothing could be healed: start it first "
                    + "(glustercli volume start \(volume.name))")
        }
        let replacement = try Self.replacement(of: old, volume, request, state)
        try await gates.require(.replaceBrick)
        let probed = try await probes(of: volume)
        let holders = await holders(of: volume, probed, state)
        let fences = try Self.fences(request, state)
        let fencing: Fencing
        do { fencing = try Fencing(of: holders, fences: fences) } catch {
            throw GD2Error(
                .conflict, "brick \(old.path) of volume \(volume.name) is not replaced: \(error)",
                fields: Self.fields(error))
        }
        try Self.checkData(replacement, volume, await nodes.states(of: volume, state))
        try await checkReachable(
            [replacement.new.peer], state,
            "brick \(old.path) of volume \(volume.name) is not replaced")
        var head = volume.head
        head.generation += 1
        head.digest = try TopologyDigest.hex(of: replacement.topology)
        return Replacing(
            volume: volume,
            changed: Volume(head: head, topology: replacement.topology, options: volume.options),
            replacement: replacement, flags: try Self.flags(request.flags, force: request.force),
            fencing: fencing, state: state)
    }

    private static func oldBrick(
        of volume: Volume, _ request: ReplaceBrickReq, _ state: ClusterState
    ) throws -> Brick {
        let peer = state.peer(named: request.oldPeer)
        let path = try? BrickPath(validating: request.oldPath)
        let found = volume.topology.bricks.first { $0.peer == peer?.id && $0.path == path }
        if let found { return found }
        let bricks = volume.topology.bricks.map { place($0, state) }.joined(separator: ", ")
        throw GD2Error(
            .notFound,
            "\(peer?.name ?? request.oldPeer):\(request.oldPath) is no brick of volume "
                + "\(volume.name), whose bricks are \(bricks)")
    }

    private static func replacement(
        of old: Brick, _ volume: Volume, _ request: ReplaceBrickReq, _ state: ClusterState
    ) throws -> Replacement {
        guard let peer = request.newPeer, let path = request.newPath else {
            throw GD2Error(
                .invalid,
                "dst-peerid and dst-brickpath are needed: no place for a brick is chosen here, so "
                    + "name the peer and the path of the new brick (GD2's limit-peers and the "
                    + "like are not followed)")
        }
        let place = try brick(BrickReq(peerid: peer, path: path), state)
        if let witness = state.peers[place.peer], witness.isWitness {
            throw GD2Error(
                .invalid,
                "\(witness.name) is a witness, which has no bricks: use another peer "
                    + "(glustercli peer list)")
        }
        do {
            var generator = SystemRandomNumberGenerator()
            let replacement = try Replacement(
                of: old, in: volume.topology, by: place, force: request.force ?? false,
                using: &generator)
            try checkOtherVolumes(
                Topology(layout: .distribute, bricks: [replacement.new]), state, but: volume.id)
            return replacement
        } catch let error as ReplacementError {
            throw GD2Error(
                error == .distribute ? .conflict : .invalid,
                "brick \(old.path) of volume \(volume.name) is not replaced: \(error)")
        }
    }

    /// By what their nodes say now: the last report of one that died says online.
    private static func checkData(
        _ replacement: Replacement, _ volume: Volume, _ states: NodeBricks.States
    ) throws {
        let online = replacement.others.filter { brick in
            states.live[brick.peer]?.contains {
                $0.report.index == brick.index && $0.report.phase == .online
            } == true
        }
        do { try replacement.checkData(online: Set(online.map(\.index))) } catch {
            throw GD2Error(
                .conflict,
                "brick \(replacement.old.path) of volume \(volume.name) is not replaced: \(error)")
        }
    }

    // MARK: Transaction

    private func replaceRecord(_ plan: Replacing, _ change: Locked) -> TransactionRecord {
        let step = { (action: Step.Action, brick: Brick) in
            Step(
                action: action, peer: brick.peer,
                arguments: BrickArguments(
                    volume: plan.volume.id, name: plan.volume.name, bricks: [brick],
                    flags: plan.flags))
        }
        var record = TransactionRecord(
            id: TransactionID(high: change.job.id.high, low: change.job.id.low),
            owner: change.job.owner, lock: change.job.object, fence: change.lock.fence,
            operation: .replaceBrick,
            steps: [
                step(.prepareReplacement, plan.replacement.new),
                step(.removeBricks, plan.replacement.old),
            ])
        record.generation = plan.changed.head.generation
        return record
    }

    /// The head as it was, all holders as they were looked at: those that follow the store have its
    /// lease, those that are fenced have none.
    private func replaceCommit(
        _ plan: Replacing, _ change: Locked, _ asked: Asked
    ) throws -> TransactionRunner.Commit {
        let keys = change.keys
        let headKey = keys.volumeHead(plan.volume.id)
        let view = mirror.view
        guard let known = view.values[headKey],
            try RecordCoding.decode(VolumeHead.self, from: known.value) == plan.volume.head
        else {
            throw GD2Error(
                .conflict, "volume \(plan.volume.name) was just changed by others: try again")
        }
        let head = plan.changed.head
        let now = Date.nowMs
        let fences = try plan.fencing.fenced.map { holder in
            StoreAPI.Operation.put(
                key: keys.fence(holder.peer, plan.volume.id),
                value: try RecordCoding.encode(
                    StoredFence(
                        volume: plan.volume.id, name: plan.volume.name,
                        generation: head.generation, by: asked.by, job: change.job.id,
                        sinceMs: now)))
        }
        let others = plan.fencing.following.filter { $0.peer != view.identity?.peer }
        let leases = try others.prefix(Limits.holdersCompared).map { holder in
            let key = keys.alive(holder.peer)
            guard let lease = view.values[key] else {
                throw GD2Error(
                    .conflict,
                    "\(holder.name) has just lost the store: try again, or see "
                        + "glustercli peer status")
            }
            return Compare.createRevision(key: key, equals: lease.createRevision)
        }
        let noLeases = plan.fencing.fenced.prefix(Limits.fencesMax).map {
            Compare.createRevision(key: keys.alive($0.peer), equals: 0)
        }
        return TransactionRunner.Commit(
            begin: try asked.keeping(
                keys, job: asked.job,
                answer: StoredAnswer(
                    status: 200, json: VolumeShapes(state: plan.state).info(plan.changed))),
            preparation: try Self.generation(of: plan.changed, keys),
            conditions: [.modRevision(key: headKey, equals: known.modRevision)]
                + (try PeerGuard.conditions(for: [plan.replacement.new.peer], view))
                + leases + noLeases,
            operations: [
                .put(key: headKey, value: try RecordCoding.encode(head, updating: known.value)),
                .deletePrefix(keys.generation(plan.volume.id, plan.volume.head.generation)),
            ] + fences,
            release: asked.releasing(keys))
    }

    // MARK: Afterwards

    /// Waits until the new brick runs; gives the names of those that were not waited for.
    private func newBrickOnline(_ plan: Replacing) async throws -> [String] {
        let key = try await mirror.identity(of: store).keys.volumeHead(plan.volume.id)
        let revision = mirror.view.values[key]?.modRevision ?? 0
        let wait = NodeWait(volume: plan.changed, revision: revision)
        let (view, nodes) = try await jobs.settled(wait)
        let missing = nodes.missing(view)
        guard missing.isEmpty else {
            let old = Self.place(plan.replacement.old, plan.state)
            let new = Self.place(plan.replacement.new, plan.state)
            throw GD2Error(
                .timedOut,
                "brick \(old) of volume \(plan.volume.name) is replaced by \(new), but not "
                    + "everything runs yet: \(missing.sorted().joined(separator: "; ")): it is "
                    + "tried on (glustercli volume status \(plan.volume.name))")
        }
        return nodes.left(view)
    }

    // MARK: Dry run

    func planReplace(
        _ name: String, _ request: ReplaceBrickReq, _ nodes: NodeBricks
    ) async throws -> DryRunInfo {
        let plan = try await replacing(name, request, nodes)
        try await refuseLocked(plan.volume.name)
        let (volume, state) = (plan.volume, plan.state)
        let brick = plan.replacement.new
        let found = await nodes.examine([
            brick.peer: BrickArguments(
                volume: volume.id, name: volume.name, bricks: [brick], flags: plan.flags)
        ])
        if let refusal = found.refusals[brick.peer] { throw refusal }
        let (old, new) = (Self.place(plan.replacement.old, state), Self.place(brick, state))
        var changes = [
            PendingChange(
                .prepare, "brick/\(new)",
                "\(new) would be marked as a brick of \(volume.name), in the place of \(old), and "
                    + "filled by the self-heal daemons"),
            PendingChange(
                .release, "brick/\(old)",
                "\(old) would be no brick any more; its files would stay"),
        ]
        changes += plan.fencing.fenced.map { holder in
            PendingChange(
                .fence, "peer/\(holder.name)",
                "\(holder.name) would be noted as fenced, until it has seen the change")
        }
        var notes = ["that \(new) is empty is checked only when it is done"]
        if !found.unasked.isEmpty {
            notes.append(
                "the directory is checked only when it is done: gd2-brickd there did not say in "
                    + "time how it is")
        }
        if plan.fencing.fenced.count > 1 {
            let names = plan.fencing.fenced.map(\.name).joined(separator: ", ")
            notes.append(
                "\(names), started together without the others, would confirm each other the old "
                    + "topology: start them only where they reach the others")
        }
        return DryRunInfo(changes: changes, notes: notes)
    }
}
