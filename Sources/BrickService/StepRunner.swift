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
        let record = try await record(command, identity)
        guard record.steps.indices.contains(command.step) else {
            throw GD2Error(
                .invalid, "transaction \(command.transaction) has no step \(command.step)")
        }
        guard command.fence == record.fence,
            try fences.admits(command.fence, for: record.lock)
        else {
            throw GD2Error(
                .preconditionFailed, "another coordinator has taken transaction \(record.id) over")
        }
        let step = record.steps[command.step]
        guard step.peer == identity.peer else {
            throw GD2Error(.invalid, "step \(command.step) is peer \(step.peer)'s, not this one's")
        }
        log.notice(
            command.isUndo ? "step is undone" : "step runs",
            metadata: [
                "txn": "\(record.id)", "step": "\(step.action.rawValue)",
                "volume": "\(step.arguments.name)",
            ])
        switch (step.action, command.isUndo) {
        case (.prepareBricks, false): try prepare(step.arguments)
        case (.prepareBricks, true):
            for directory in Self.directories(step.arguments) {
                directory.undoMark(step.arguments.volume)
            }
        case (.removeBricks, false):
            try await supervisor.waitForEnd(of: step.arguments.bricks, in: step.arguments.volume)
            for directory in Self.directories(step.arguments) {
                directory.unmark(step.arguments.volume, remove: removals.remove)
            }
        case (.removeBricks, true): break
        }
        FailPoint.pass("brickd-step-done")
    }

    private func record(
        _ command: StepCommand, _ identity: StoreIdentity
    ) async throws -> TransactionRecord {
        let key = identity.keys.transaction(command.transaction)
        guard let value = try await store.get(key) else {
            throw GD2Error(.notFound, "there is no transaction \(command.transaction)")
        }
        return try RecordCoding.decode(TransactionRecord.self, from: value.value)
    }

    private func prepare(_ arguments: BrickArguments) throws {
        let state = cluster.current
        guard let peer = state.identity?.peer else {
            throw GD2Error(.unavailable, "this node has not read the store yet: try again")
        }
        let others = state.volumes.values.filter { $0.id != arguments.volume }
            .flatMap { $0.allBricks(of: peer).map(\.path) }
        for directory in Self.directories(arguments) {
            try directory.check(arguments.flags, volume: arguments.volume, others: others)
        }
        for directory in Self.directories(arguments) {
            try directory.mark(arguments.volume)
            FailPoint.pass("brickd-marked")
        }
    }

    private static func directories(_ arguments: BrickArguments) -> [BrickDirectory] {
        arguments.bricks.map { BrickDirectory(path: $0.path) }
    }
}
