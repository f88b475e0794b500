import BrickAPI
import GD2Error
import GlusterModel
import StoreAPI
import StoreTesting
import Synchronization
import Transaction

@testable import RESTService

/// The gd2-brickds of all nodes: they read the journal, mark bricks, take marks away, and refuse
/// who has an older lock.
final class FakeNodes: StepTarget {
    struct Marks {
        var prepared: Set<String> = []
        /// The newest lock of each object.
        var fences: [String: FencingToken] = [:]
        /// Tokens of those that ran or undid something.
        var tokens: Set<Int64> = []
        /// Nodes that refuse to prepare.
        var broken: Set<PeerID> = []
        /// Nodes without power.
        var away: Set<PeerID> = []
        /// Nodes whose gd2-brickd does not answer, though they are there.
        var silent: Set<PeerID> = []
        var stepsRun = 0
    }

    let store: InMemoryStore
    let marks = Mutex(Marks())
    /// Called before each step, to hold it or to see it.
    let before: @Sendable (StepCommand) async throws -> Void

    init(
        _ store: InMemoryStore,
        before: @escaping @Sendable (StepCommand) async throws -> Void = { _ in }
    ) {
        self.store = store
        self.before = before
    }

    var prepared: Set<String> { marks.withLock { $0.prepared } }

    func isAway(_ peer: PeerID) async -> Bool { marks.withLock { $0.away.contains(peer) } }

    func run(_ command: StepCommand, on peer: PeerID) async throws {
        try await before(command)
        if marks.withLock({ $0.away.contains(peer) || $0.silent.contains(peer) }) {
            throw GD2Error(.unavailable, "peer \(peer) does not answer")
        }
        let keys = try await store.identity().keys
        guard let value = try await store.get(keys.transaction(command.transaction)) else {
            throw GD2Error(.notFound, "there is no transaction \(command.transaction)")
        }
        let record = try RecordCoding.decode(TransactionRecord.self, from: value.value)
            .locked(at: value.createRevision)
        let step = record.steps[command.step]
        try marks.withLock { marks in
            if let newest = marks.fences[record.lock], command.fence < newest {
                throw GD2Error(.preconditionFailed, "a newer lock was seen")
            }
            marks.fences[record.lock] = command.fence
            marks.tokens.insert(command.fence.token)
            marks.stepsRun += 1
            let mark = "\(step.arguments.volume) on \(peer)"
            switch (step.action, command.isUndo) {
            case (.prepareBricks, false), (.prepareReplacement, false):
                if marks.broken.contains(peer) {
                    throw GD2Error(.invalid, "the directory is a file")
                }
                marks.prepared.insert(mark)
            case (.prepareBricks, true), (.prepareReplacement, true), (.removeBricks, _):
                marks.prepared.remove(mark)
            }
        }
    }
}
