import GlusterModel
import Transaction

/// A step as a coordinator asks for it: its arguments are read from the journal.
struct StepRequest {
    var transaction: TransactionID
    var step: Int
    var isUndo: Bool
    var fence: FencingToken
}

/// gd2-brickd's steps: an actor, so what is done between two waits is done alone.
struct StepRunner {
    /// nil: the file of them is damaged.
    var fences: FenceTable?
    /// Whether it is at work on what was left to this node.
    fileprivate var isCleaning = false
    fileprivate var waiting: [() -> Void] = []
    fileprivate var isBusy = false
    /// Steps that are neither done nor refused yet.
    fileprivate var unanswered = 0
    var isAtWork: Bool { unanswered > 0 }

    init(fences: FenceTable?) { self.fences = fences }
}

extension Brickd {
    func carryOut(_ request: StepRequest, _ answer: @escaping (Bool) -> Void) {
        steps.unanswered += 1
        let reply = { [self] (isDone: Bool) in
            steps.unanswered -= 1
            answer(isDone)
        }
        store.get(Keys.transaction(request.transaction)) { [self] answer in
            guard let entry = answer?.entry, case .journal(let stored) = entry.value
            else { return reply(false) }
            let record = stored.locked(at: entry.created)
            let isPreparing =
                record.steps[request.step].action == .prepareBricks && !request.isUndo
            guard isPreparing, !world.mutations.contains(.staleVolumes) else {
                return carryOut(request, record, isPreparing, reply)
            }
            wait(for: entry.modified, polls: 100) { [self] isThere in
                guard isThere else { return reply(false) }
                carryOut(request, record, isPreparing, reply)
            }
        }
    }

    /// Until what was written before the journal is known.
    private func wait(for revision: Int64, polls: Int, _ completion: @escaping (Bool) -> Void) {
        if mirror.view.revision >= revision { return completion(true) }
        guard polls > 0 else { return completion(false) }
        world.after(.milliseconds(50), in: run) { [self] in
            wait(for: revision, polls: polls - 1, completion)
        }
    }

    private func carryOut(
        _ request: StepRequest, _ record: TransactionRecord, _ isPreparing: Bool,
        _ reply: @escaping (Bool) -> Void
    ) {
        let step = record.steps[request.step]
        guard isPreparing, !world.mutations.contains(.leftIgnored) else {
            return obey(request, record, isPreparing, reply)
        }
        // What was left here would be taken for what was there before.
        clean(mirror.view.leftovers.filter { $0.touches(step) }) { [self] isDone in
            guard isDone else { return reply(false) }
            obey(request, record, isPreparing, reply)
        }
    }

    private func obey(
        _ request: StepRequest, _ record: TransactionRecord, _ isPreparing: Bool,
        _ reply: @escaping (Bool) -> Void
    ) {
        alone { [self] done in
            let end = { (isDone: Bool) in
                reply(isDone)
                done()
            }
            admit(request, record) { [self] isAdmitted in
                guard isAdmitted, !isPreparing || mayPrepare(record, request.step) else {
                    return end(false)
                }
                let step = record.steps[request.step]
                guard step.action == .removeBricks, !request.isUndo else {
                    return execute(step, request.isUndo, end)
                }
                // Others are served while this one waits.
                done()
                remove(step.arguments, polls: 100, reply)
            }
        }
    }

    private func mayPrepare(_ record: TransactionRecord, _ number: Int) -> Bool {
        if !world.mutations.contains(.noRivals),
            record.rival(of: number, among: mirror.view.journals) != nil
        {
            return false
        }
        let arguments = record.steps[number].arguments
        let others = mirror.view.volumes.filter { $0.id != arguments.volume }.flatMap(\.bricks)
            .filter { $0.peer == node.peer }.map(\.path)
        return arguments.bricks.map(\.path).allSatisfy { path in
            let mark = node.disk.marks[path]?.volume
            return !others.contains(path)
                && (arguments.flags.reuseBricks || mark == nil || mark == arguments.volume)
        }
    }

    // MARK: What was left to this node

    func cleanUpWhatWasLeft() {
        let left = mirror.view.leftovers.filter { $0.peer == node.peer }
        guard mirror.isCurrent, !steps.isCleaning, !left.isEmpty else { return }
        steps.isCleaning = true
        clean(left) { [self] isDone in
            guard isDone else {
                steps.isCleaning = false
                return
            }
            store.txn(if: [], then: left.map { .delete(Keys.leftover($0)) }) { [self] _ in
                steps.isCleaning = false
            }
        }
    }

    private func clean(_ left: [Leftover], _ end: @escaping (Bool) -> Void) {
        guard let first = left.first else { return end(true) }
        let goOn = { [self] (isDone: Bool) in
            if isDone { clean(Array(left.dropFirst()), end) } else { end(false) }
        }
        alone { [self] done in
            bound(first) { [self] isBound in
                guard isBound else {
                    done()
                    return end(false)
                }
                guard first.step.action == .removeBricks else {
                    return execute(first.step, true) { isDone in
                        done()
                        goOn(isDone)
                    }
                }
                done()
                remove(first.step.arguments, polls: 100, goOn)
            }
        }
    }

    /// An older fence than what is known is none: its volume has another id.
    private func bound(_ left: Leftover, _ answer: @escaping (Bool) -> Void) {
        if world.mutations.contains(.leftUnfenced) { return answer(true) }
        guard let fences = steps.fences else { return answer(false) }
        remember(fences.admits(left.bound, for: left.lock)) { _ in answer(true) }
    }

    // MARK: The actor

    private func alone(_ work: @escaping (@escaping () -> Void) -> Void) {
        steps.waiting.append { [self] in
            work { [self] in
                steps.isBusy = false
                goOn()
            }
        }
        goOn()
    }

    private func goOn() {
        guard !steps.isBusy, !steps.waiting.isEmpty else { return }
        steps.isBusy = true
        steps.waiting.removeFirst()()
    }

    // MARK: Fences

    private func admit(
        _ request: StepRequest, _ record: TransactionRecord, _ answer: @escaping (Bool) -> Void
    ) {
        if world.mutations.contains(.noFencing) { return answer(true) }
        let isUndo = request.isUndo && !world.mutations.contains(.undoUnfenced)
        let fence = FenceTable.Fence(token: request.fence, isUndo: isUndo)
        guard request.fence == record.fence, let fences = steps.fences else {
            return answer(false)
        }
        remember(fences.admits(fence, for: record.lock), answer)
    }

    private func remember(
        _ admission: FenceTable.Admission, _ answer: @escaping (Bool) -> Void
    ) {
        switch admission {
        case .refused: answer(false)
        case .known: answer(true)
        case .newer(let newer):
            node.disk.beginFences(newer)
            world.after(world.scheduler.ms(1...20), in: run) { [self] in
                node.disk.endFences()
                steps.fences = newer
                answer(true)
            }
        }
    }

    // MARK: Steps

    private func execute(_ step: Step, _ isUndo: Bool, _ end: @escaping (Bool) -> Void) {
        let paths = step.arguments.bricks.map(\.path)
        let volume = step.arguments.volume
        world.trace("node \(node.index) \(isUndo ? "undoes" : "does") \(volume) at \(paths)")
        switch (step.action, isUndo) {
        case (.prepareBricks, false), (.prepareReplacement, false):
            each(paths, { [self] in mark($0, volume) }, end)
        case (.prepareBricks, true), (.prepareReplacement, true):
            each(paths, { [self] in undoMark($0, volume) }, end)
        case (.removeBricks, _): end(true)
        }
    }

    private func remove(
        _ arguments: BrickArguments, polls: Int, _ reply: @escaping (Bool) -> Void
    ) {
        guard mayRun(arguments.bricks, of: arguments.volume) else {
            return alone { [self] done in
                let paths = arguments.bricks.map(\.path)
                each(paths, { [self] in unmark($0, arguments.volume) }) { isDone in
                    reply(isDone)
                    done()
                }
            }
        }
        guard polls > 0 else { return reply(false) }
        world.after(.milliseconds(100), in: run) { [self] in
            remove(arguments, polls: polls - 1, reply)
        }
    }

    /// One directory after the other, between any two of which the power may fail.
    private func each(
        _ paths: [BrickPath], _ body: @escaping (BrickPath) -> Void, _ end: @escaping (Bool) -> Void
    ) {
        guard let path = paths.first else { return end(true) }
        body(path)
        if !world.mutations.contains(.unsyncedMarks) { node.disk.sync(path) }
        world.after(world.scheduler.ms(0...2), in: run) { [self] in
            each(Array(paths.dropFirst()), body, end)
        }
    }

    private func mark(_ path: BrickPath, _ volume: VolumeID) {
        var mark = node.disk.marks[path] ?? Disk.Mark()
        if mark.volume != volume { mark.previous = mark.volume ?? mark.previous }
        mark.volume = volume
        world.trace("node \(node.index) \(path): \(mark)")
        node.disk.marks[path] = mark
    }

    private func undoMark(_ path: BrickPath, _ volume: VolumeID) {
        guard let mark = node.disk.marks[path], mark.volume == volume else { return }
        world.trace("node \(node.index) \(path): mark of \(volume) is undone")
        node.disk.marks[path] = mark.previous.map { Disk.Mark(volume: $0) }
    }

    private func unmark(_ path: BrickPath, _ volume: VolumeID) {
        guard node.disk.marks[path]?.volume == volume else { return }
        if let process = node.bricks.running(at: path) {
            world.history.violated(
                "the mark of \(path) went from under process \(process.pid) of \(process.volume)")
        }
        node.disk.marks[path] = nil
        world.trace("node \(node.index) \(path): mark of \(volume) is removed")
    }
}
