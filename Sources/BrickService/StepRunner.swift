import BrickAPI
import Daemon
import GD2Error
import GlusterModel
import Logging
import StoreAPI
import StoreMirror
import Transaction

/// Runs a transaction's steps on this node: reads what to do from the journal, refuses old
/// coordinators, and may run each step, and each undo, more than once.
actor StepRunner {
    private let store: any KeyValueStore
    private let mirror: StoreMirror
    private let cluster: ClusterReader
    private let supervisor: Supervisor
    private var fences: Fences
    private let removals: Removals
    private let log: Logger

    init(
        store: any KeyValueStore, mirror: StoreMirror, supervisor: Supervisor, fences: Fences,
        removals: Removals, log: Logger
    ) {
        self.store = store
        self.mirror = mirror
        cluster = ClusterReader(mirror)
        self.supervisor = supervisor
        self.fences = fences
        self.removals = removals
        self.log = log
    }

    func run(_ command: StepCommand) async throws {
        FailPoint.pass("brickd-step")
        let identity = try await mirror.identity(of: store)
        let (record, revision) = try await record(command, identity)
        guard record.steps.indices.contains(command.step) else {
            throw GD2Error(
                .invalid, "transaction \(command.transaction) has no step \(command.step)")
        }
        let view = try await view(with: revision, for: record, command)
        let step = record.steps[command.step]
        guard step.peer == identity.peer else {
            throw GD2Error(.invalid, "step \(command.step) is peer \(step.peer)'s, not this one's")
        }
        if step.action.marks, !command.isUndo {
            for left in Leftovers.of(identity.peer, in: view) where left.touches(step) {
                try await clean(left)
            }
        }
        // Nothing is waited for between this and the marks: an undo would be overtaken.
        guard command.fence == record.fence,
            try fences.admits(command.fence, isUndo: command.isUndo, for: record.lock)
        else {
            throw GD2Error(
                .preconditionFailed, "another coordinator has taken transaction \(record.id) over")
        }
        log.notice(
            command.isUndo ? "step is undone" : "step runs",
            metadata: [
                "txn": "\(record.id)", "step": "\(step.action.rawValue)",
                "volume": "\(step.arguments.name)",
            ])
        switch (step.action, command.isUndo) {
        case (.prepareBricks, false), (.prepareReplacement, false):
            try checkAlone(record, command.step, view, identity)
            try prepare(step)
        case (.prepareBricks, true), (.prepareReplacement, true), (.removeBricks, _):
            try await cleanUp(step, isUndo: command.isUndo)
        }
        FailPoint.pass("brickd-step-done")
    }

    /// Does what a coordinator left to this node while it was away. Only marks that bear the
    /// volume's own id are touched, so a directory that is another volume's by now stays as it is;
    /// and what that coordinator sent before is refused from here on.
    func clean(_ left: Leftover) async throws {
        // A newer one of the same name is no hindrance: it has another volume's id.
        _ = try fences.admits(left.fence, isUndo: left.isUndo, for: left.lock)
        log.notice(
            "left step is cleaned up",
            metadata: [
                "txn": "\(left.transaction)", "step": "\(left.step.action.rawValue)",
                "volume": "\(left.step.arguments.name)",
            ])
        try await cleanUp(left.step, isUndo: left.isUndo)
    }

    /// What only takes away: an undo, or a step after the commit.
    private func cleanUp(_ step: Step, isUndo: Bool) async throws {
        let directories = Self.directories(step.arguments)
        switch step.action {
        case .prepareBricks, .prepareReplacement:
            for directory in directories { directory.undoMark(step.arguments.volume) }
        case .removeBricks where isUndo: break
        case .removeBricks:
            try await supervisor.waitForEnd(of: step.arguments.bricks, in: step.arguments.volume)
            for directory in directories {
                let why = directory.unmark(step.arguments.volume, remove: removals.remove)
                if let why { keepsMark(directory, step, why) }
            }
        }
        // Where even the folder above is gone, with its disk, there are no marks to lose.
        for directory in directories { try? directory.sync() }
    }

    /// A disk that takes no writes keeps no volume from being deleted.
    private func keepsMark(_ directory: BrickDirectory, _ step: Step, _ why: String) {
        log.warning(
            "deleted brick keeps its mark",
            metadata: [
                "brick": "\(directory.text)", "volume": "\(step.arguments.name)", "error": "\(why)",
            ])
    }

    private func record(
        _ command: StepCommand, _ identity: StoreIdentity
    ) async throws -> (TransactionRecord, revision: Int64) {
        let key = identity.keys.transaction(command.transaction)
        // It was written a moment ago: it comes here by itself before it could be asked for.
        if command.journaled > 0 {
            _ = try? await mirror.wait(for: command.journaled, timeout: Limits.journalWait)
        }
        // The journal as this node has seen it will do: its steps never change, and what an older
        // coordinator sends late is refused by the fence or undone by the newer one.
        if let seen = mirror.view.values[key],
            let record = try? RecordCoding.decode(TransactionRecord.self, from: seen.value)
                .locked(at: seen.createRevision), record.fence == command.fence
        {
            return (record, seen.modRevision)
        }
        guard let value = try await store.get(key) else {
            throw GD2Error(.notFound, "there is no transaction \(command.transaction)")
        }
        let record = try RecordCoding.decode(TransactionRecord.self, from: value.value)
            .locked(at: value.createRevision)
        return (record, value.modRevision)
    }

    /// What this node knows. Before directories are marked that is everything that was written
    /// before the journal: a volume that has a brick here, or is about to.
    private func view(
        with revision: Int64, for record: TransactionRecord, _ command: StepCommand
    ) async throws -> MirrorView {
        guard record.steps[command.step].action.marks, !command.isUndo else {
            return mirror.view
        }
        do { return try await mirror.wait(for: revision, timeout: Limits.viewWait) } catch {
            throw GD2Error(
                .unavailable, "this node has not seen the newest volumes yet (\(error)): try again")
        }
    }

    /// Two transactions at one directory would take each other's marks for what was there before.
    private func checkAlone(
        _ record: TransactionRecord, _ step: Int, _ view: MirrorView, _ identity: StoreIdentity
    ) throws {
        let prefix = identity.keys.transactions
        let unfinished = view.values.below(prefix)
            .compactMap { try? RecordCoding.decode(TransactionRecord.self, from: $0.value) }
        guard let rival = record.rival(of: step, among: unfinished) else { return }
        let volume = rival.transaction.steps.first?.arguments.name.description ?? "?"
        throw GD2Error(
            .conflict,
            "brick \(rival.path) is in use by a change that has not ended "
                + "(\(rival.transaction.operation.rawValue) of volume \(volume)): try again",
            fields: ["brick": rival.path.description])
    }

    /// Bricks that this node has, of other volumes and of this one.
    private func bricks(
        beside volume: VolumeID
    ) throws(GD2Error) -> (others: [BrickPath], own: [BrickPath]) {
        let state = cluster.current
        guard let peer = state.identity?.peer else {
            throw GD2Error(.unavailable, "this node has not read the store yet: try again")
        }
        let others = state.volumes.values.filter { $0.id != volume }
        return (
            others.flatMap { $0.allBricks(of: peer).map(\.path) },
            state.volumes[volume]?.allBricks(of: peer).map(\.path) ?? []
        )
    }

    /// That it is a brick of a volume that cannot be read only its mark says.
    private func checkMark(_ directory: BrickDirectory) throws(GD2Error) {
        guard let volume = cluster.current.unreadableVolumes.first(where: directory.isMarked)
        else { return }
        throw directory.refusal(
            .conflict,
            "\(directory.text) is a brick of volume \(volume), whose records in the store cannot "
                + "be read: see glustercli doctor")
    }

    /// Throws why the first of `paths` that cannot become a brick of `volume` cannot.
    func examine(
        _ paths: [BrickPath], _ flags: BrickFlags, of volume: VolumeID
    ) throws(GD2Error) {
        let (others, own) = try bricks(beside: volume)
        for path in paths {
            try checkMark(BrickDirectory(path: path))
            try BrickDirectory(path: path).examine(
                flags, volume: volume, others: others,
                siblings: (own + paths).filter { $0 != path })
        }
    }

    private func prepare(_ step: Step) throws {
        let arguments = step.arguments
        let isReplacement = step.action == .prepareReplacement
        let (others, own) = try bricks(beside: arguments.volume)
        let directories = Self.directories(arguments)
        let siblings = own + arguments.bricks.map(\.path)
        for directory in directories {
            try checkMark(directory)
            try directory.check(
                arguments.flags, volume: arguments.volume, others: others,
                siblings: siblings.filter { $0 != directory.path })
            if isReplacement { try directory.checkEmpty() }
        }
        for directory in directories {
            if isReplacement { try directory.markEmpty(arguments.volume) }
            try directory.mark(arguments.volume)
            FailPoint.pass("brickd-marked")
        }
        for directory in directories { try directory.sync() }
    }

    private static func directories(_ arguments: BrickArguments) -> [BrickDirectory] {
        arguments.bricks.map { BrickDirectory(path: $0.path) }
    }
}
