import GlusterModel
import Testing
import Transaction

/// A store and nodes that count what was done; every call may fail or the coordinator may die.
private struct World {
    var journal: TransactionRecord?
    var prepared: Set<Int> = []
    var removed: Set<Int> = []
    /// Nodes that are away.
    var away: Set<PeerID> = []
    var left: [Leftover] = []
    var isCommitted = false
    var outcome: Outcome?

    /// Carries effects out until all is done, waiting, or `effectsMax` were carried out (death).
    mutating func drive(
        _ engine: inout TransactionEngine, _ first: [TransactionEffect],
        effectsMax: Int = .max, failing: Int? = nil, refusing: Bool = false, twice: Bool = false
    ) -> Int {
        var queue = first
        var done = 0
        while !queue.isEmpty, done < effectsMax {
            let effect = queue.removeFirst()
            done += 1
            if twice { _ = carryOut(effect, failing: failing, refusing: refusing) }
            guard let event = carryOut(effect, failing: failing, refusing: refusing) else { break }
            queue += engine.next(on: event)
        }
        return done
    }

    /// Carries out the first of `effects`; those that follow.
    mutating func step(
        _ engine: inout TransactionEngine, _ effects: [TransactionEffect]
    ) -> [TransactionEffect] {
        guard let first = effects.first,
            let event = carryOut(first, failing: nil, refusing: false)
        else { return [] }
        return effects.dropFirst() + engine.next(on: event)
    }

    private mutating func carryOut(
        _ effect: TransactionEffect, failing: Int?, refusing: Bool
    ) -> TransactionEvent? {
        switch effect {
        case .journal(let record):
            journal = record
            return .journaled
        case .handOver(let leftover, let record):
            journal = record
            if !left.contains(leftover) { left.append(leftover) }
            return .journaled
        case .run(let step):
            guard let action = journal?.steps[step].action else { return nil }
            if let peer = journal?.steps[step].peer, away.contains(peer) {
                return action == .prepareBricks
                    ? .stepFailed(step: step, cause: "it is away") : .nodeAway(step: step)
            }
            // A step that fails may have done half of its work.
            if action == .prepareBricks { prepared.insert(step) } else { removed.insert(step) }
            return step == failing ? .stepFailed(step: step, cause: "no") : .stepDone(step: step)
        case .runTogether(let steps):
            var failed: TransactionEvent?
            for step in steps {
                switch carryOut(.run(step: step), failing: failing, refusing: refusing) {
                case nil: return nil
                case .stepDone: break
                case .nodeAway: failed = failed ?? .stepFailed(step: step, cause: "it is away")
                case let other: failed = failed ?? other
                }
            }
            return failed ?? .allDone
        case .undo(let step):
            if let peer = journal?.steps[step].peer, away.contains(peer) {
                return .nodeAway(step: step)
            }
            prepared.remove(step)
            return .undone(step: step)
        case .commit(let record):
            if refusing { return .commitRefused(cause: "the name is taken") }
            isCommitted = true
            journal = record
            return .committed
        case .finish(let end):
            journal = nil
            outcome = end
            return nil
        case .retryLater: return nil
        }
    }
}

@Suite struct TransactionEngineTests {
    private static let owner = IncarnationID(high: 1, low: 1)
    private static let heir = IncarnationID(high: 2, low: 2)
    private static let newFence = FencingToken(epoch: Epoch(1), token: 99)

    private func record(_ actions: [Step.Action]) throws -> TransactionRecord {
        let name = try VolumeName(validating: "gv0")
        let volume = VolumeID(high: 3, low: 3)
        let steps = actions.enumerated().map { index, action in
            Step(
                action: action, peer: PeerID(high: 4, low: UInt64(index)),
                arguments: BrickArguments(
                    volume: volume, name: name, bricks: [], flags: BrickFlags()))
        }
        return TransactionRecord(
            id: TransactionID(high: 5, low: 5), owner: Self.owner, lock: "volume/gv0",
            fence: FencingToken(epoch: Epoch(1), token: 7),
            operation: actions.contains(.removeBricks) ? .deleteVolume : .createVolume,
            steps: steps)
    }

    private static let create: [Step.Action] = [.prepareBricks, .prepareBricks, .prepareBricks]
    private static let delete: [Step.Action] = [.removeBricks, .removeBricks]

    @Test(arguments: [create, delete, []], [false, true])
    func everyStepDoneCommitsOnceAlsoWhenRunTwice(actions: [Step.Action], twice: Bool) throws {
        var engine = TransactionEngine(try record(actions))
        var world = World()
        _ = world.drive(&engine, engine.begin(), twice: twice)
        #expect(world.outcome == .committed)
        #expect(world.isCommitted)
        #expect(world.prepared.count + world.removed.count == actions.count)
    }

    @Test(arguments: [(create, 3), (delete, 2), ([], 0)])
    func allStepsRunAtOnceAfterOneWriteOfTheJournal(actions: [Step.Action], count: Int) throws {
        var engine = TransactionEngine(try record(actions))
        var effects = engine.begin()
        var kinds: [String] = []
        var world = World()
        while let effect = effects.first {
            switch effect {
            case .journal: kinds.append("journal")
            case .runTogether(let steps): kinds.append("run \(steps)")
            case .commit: kinds.append("commit")
            default: kinds.append("end")
            }
            effects = world.step(&engine, effects)
        }
        let isDelete = actions.contains(.removeBricks)
        let run = count > 0 ? ["run 0..<\(count)"] : []
        let before = isDelete || count == 0 ? [] : ["journal"] + run
        #expect(kinds == before + ["commit"] + (isDelete ? run : []) + ["end"])
    }

    @Test(arguments: 0..<3, [false, true])
    func aFailureAtAnyStepUndoesAll(step: Int, twice: Bool) throws {
        var engine = TransactionEngine(try record(Self.create))
        var world = World()
        _ = world.drive(&engine, engine.begin(), failing: step, twice: twice)
        #expect(world.outcome == .undone(cause: "no"))
        #expect(world.prepared.isEmpty)
        #expect(!world.isCommitted)
    }

    @Test func aRefusedCommitUndoesEveryStep() throws {
        var engine = TransactionEngine(try record(Self.create))
        var world = World()
        _ = world.drive(&engine, engine.begin(), refusing: true)
        #expect(world.outcome == .undone(cause: "the name is taken"))
        #expect(world.prepared.isEmpty)
    }

    @Test(arguments: [create, delete])
    func anOwnerThatDiesAnywhereLeavesNothingHalfDone(actions: [Step.Action]) throws {
        var deaths = 1
        while true {
            var engine = TransactionEngine(try record(actions))
            var world = World()
            let done = world.drive(&engine, engine.begin(), effectsMax: deaths)
            if world.outcome != nil { break }
            #expect(done == deaths)
            let left = try #require(world.journal)
            var heir = TransactionEngine(left)
            let first = heir.takeOver(by: Self.heir, fence: Self.newFence)
            _ = world.drive(&heir, first)
            #expect(heir.record.fence == Self.newFence)
            if world.isCommitted {
                #expect(world.outcome == .committed)
                #expect(world.prepared.count + world.removed.count == actions.count)
            } else {
                #expect(world.outcome == .undone(cause: "its coordinator died"))
                #expect(world.prepared.isEmpty && world.removed.isEmpty)
            }
            #expect(world.journal == nil)
            deaths += 1
        }
        #expect(deaths > actions.count)
    }

    /// Instead of the end of the steps, which were not begun then: nothing is to be undone.
    @Test func aTransactionThatIsCancelledBeforeItsStepsHasNothingToUndo() throws {
        var engine = TransactionEngine(try record(Self.create))
        var world = World()
        var effects = engine.begin()
        while effects != [.runTogether(steps: 0..<3)] { effects = world.step(&engine, effects) }
        let count = world.drive(&engine, engine.next(on: .cancelled(cause: "cancelled")))
        #expect(count == 2)
        #expect(world.outcome == .undone(cause: "cancelled"))
    }

    /// Instead of the commit: all steps have run.
    @Test func aTransactionThatIsCancelledBeforeItsCommitIsUndone() throws {
        var engine = TransactionEngine(try record(Self.create))
        var world = World()
        var effects = engine.begin()
        while world.prepared.isEmpty { effects = world.step(&engine, effects) }
        guard case .commit = effects.first else {
            Issue.record("\(effects) instead of the commit")
            return
        }
        #expect(world.prepared == [0, 1, 2])
        _ = world.drive(&engine, engine.next(on: .cancelled(cause: "cancelled")))
        #expect(world.outcome == .undone(cause: "cancelled"))
        #expect(world.prepared.isEmpty && !world.isCommitted)
    }

    @Test func aCommittedTransactionIsNotCancelled() throws {
        var old = try record(Self.delete)
        old.phase = .committed(step: 0)
        var engine = TransactionEngine(old)
        #expect(engine.next(on: .cancelled(cause: "cancelled")) == [])
        #expect(engine.record.phase == .committed(step: 0))
    }

    @Test func aStepAfterTheCommitIsRepeatedAndNeverUndone() throws {
        var engine = TransactionEngine(try record(Self.delete))
        var world = World()
        _ = world.drive(&engine, engine.begin(), failing: 1)
        #expect(world.outcome == nil)
        #expect(engine.record.phase == .committed(step: 1))
        _ = world.drive(&engine, engine.next(on: .resume))
        #expect(world.outcome == .committed)
    }

    @Test func anUndoThatFailsWaitsAndIsRepeated() throws {
        var old = try record(Self.create)
        old.phase = .undoing(step: 1, cause: "no")
        var engine = TransactionEngine(old)
        #expect(engine.next(on: .resume) == [.journal(engine.record)])
        #expect(engine.next(on: .journaled) == [.undo(step: 1)])
        let failed = TransactionEvent.undoFailed(step: 1, cause: "busy")
        #expect(engine.next(on: failed) == [.retryLater(cause: "busy")])
        var world = World(journal: engine.record, prepared: [0, 1])
        _ = world.drive(&engine, engine.next(on: .resume))
        #expect(world.outcome == .undone(cause: "no"))
        #expect(world.prepared.isEmpty)
    }

    /// Whatever the order of its steps: each that was not done is left to its node, once.
    @Test(arguments: 0...2 as ClosedRange<Int>)
    func nobodyWaitsForANodeThatIsAway(number: Int) throws {
        let dead = PeerID(high: 4, low: UInt64(number))
        for actions in [[Step.Action](repeating: .removeBricks, count: 3)] {
            var engine = TransactionEngine(try record(actions))
            var world = World()
            world.away = [dead]
            _ = world.drive(&engine, engine.begin())
            #expect(world.outcome == .committed && world.journal == nil)
            #expect(world.removed == Set(0...2).subtracting([number]))
            #expect(world.left.map(\.peer) == [dead] && world.left.first?.isUndo == false)
        }
        var engine = TransactionEngine(try record(.init(repeating: .prepareBricks, count: 3)))
        var world = World()
        world.away = [dead]
        _ = world.drive(&engine, engine.begin())
        #expect(world.outcome == .undone(cause: "it is away") && world.journal == nil)
        #expect(world.prepared.isEmpty)
        #expect(world.left.map(\.peer) == [dead] && world.left.first?.isUndo == true)
    }

    /// What was left is journalled with it, so that whoever takes over does not leave it again.
    @Test func aNewOwnerGoesOnBehindWhatWasLeft() throws {
        var engine = TransactionEngine(try record(.init(repeating: .removeBricks, count: 2)))
        var world = World()
        world.away = [PeerID(high: 4, low: 0)]
        // Journal, commit, step 0, and what leaves it; then death.
        var effects = engine.begin()
        while world.left.isEmpty { effects = world.step(&engine, effects) }
        world.away = []
        var heir = TransactionEngine(try #require(world.journal))
        _ = world.drive(&heir, heir.takeOver(by: Self.heir, fence: Self.newFence))
        #expect(world.removed == [1] && world.left.count == 1)
        #expect(world.outcome == .committed)
    }

    @Test func aStepThatDoesSomethingIsNeverLeft() throws {
        let record = try record([.prepareBricks])
        #expect(Leftover(of: record, step: 0) == nil)
        var engine = TransactionEngine(record)
        _ = engine.begin()
        _ = engine.next(on: .journaled)
        #expect(engine.next(on: .nodeAway(step: 0)).isEmpty)
    }
}
