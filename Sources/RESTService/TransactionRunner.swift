import BrickAPI
import Daemon
import GD2Error
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Synchronization
import Transaction

/// Carries transactions out, those of this run and those whose coordinator died. One that was begun
/// is finished or undone though its client goes away.
final class TransactionRunner: Service {
    /// What the commit writes beside the journal; only its own coordinator knows it.
    struct Commit: Sendable {
        /// Written before it, in writes of their own: what nobody reads until the commit names it.
        var preparation: [StoreAPI.Operation] = []
        var conditions: [Compare]
        var operations: [StoreAPI.Operation]
    }

    private struct Job: Sendable {
        var engine: TransactionEngine
        var lock: ObjectLock
        var commit: Commit?
        var first: [TransactionEffect]
        var result: AsyncStream<Result<Int64, GD2Error>>.Continuation
    }

    private let store: any KeyValueStore
    private let mirror: StoreMirror
    private let session: Session
    private let bricks: any StepTarget
    private let log: Logger
    private let jobs: AsyncStream<Job>
    private let jobGiver: AsyncStream<Job>.Continuation
    private let running = Mutex<Set<TransactionID>>([])

    init(
        store: any KeyValueStore, mirror: StoreMirror, session: Session, bricks: any StepTarget,
        log: Logger
    ) {
        self.store = store
        self.mirror = mirror
        self.session = session
        self.bricks = bricks
        self.log = log
        (jobs, jobGiver) = AsyncStream.makeStream(of: Job.self)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.takeOverForEver() }
                for await job in self.jobs { group.addTask { await self.carryOut(job) } }
                group.cancelAll()
            }
        }
    }

    /// Runs a new transaction and waits for its end: the revision of its commit.
    func perform(
        _ record: TransactionRecord, lock: ObjectLock, commit: Commit
    ) async throws -> Int64 {
        var engine = TransactionEngine(record)
        let first = engine.begin()
        for await result in submit(engine, lock, commit, first) { return try result.get() }
        throw GD2Error(.unavailable, "gd2-rest is stopping; the change goes on or is undone")
    }

    private func submit(
        _ engine: TransactionEngine, _ lock: ObjectLock, _ commit: Commit?,
        _ first: [TransactionEffect]
    ) -> AsyncStream<Result<Int64, GD2Error>> {
        let (results, result) = AsyncStream.makeStream(of: Result<Int64, GD2Error>.self)
        _ = running.withLock { $0.insert(engine.record.id) }
        jobGiver.yield(
            Job(engine: engine, lock: lock, commit: commit, first: first, result: result))
        return results
    }

    /// Known from the mirror; asked for only before it was read.
    private func keys() async throws -> StoreKeys {
        if let keys = mirror.view.identity?.keys { return keys }
        return try await store.identity().keys
    }

    // MARK: Effects

    private func carryOut(_ job: Job) async {
        var engine = job.engine
        var effects = job.first
        var revision: Int64 = 0
        // Whether the commit took journal and lock away.
        var hasEnded = false
        var (lastCause, pauseMs) = ("", Limits.stepRetryMs)
        let id = engine.record.id
        let journalKey = mirror.view.identity?.keys.transaction(id) ?? ""
        defer {
            _ = running.withLock { $0.remove(id) }
            job.result.finish()
        }
        while let effect = effects.first {
            effects.removeFirst()
            do {
                let event: TransactionEvent
                switch effect {
                case .journal(let record):
                    FailPoint.pass("rest-journal")
                    revision = try await journal(record, job.lock)
                    event = .journaled
                case .run(let step):
                    FailPoint.pass("rest-step")
                    event = await run(step, isUndo: false, engine.record)
                case .undo(let step):
                    FailPoint.pass("rest-undo")
                    event = await run(step, isUndo: true, engine.record)
                case .commit(let record):
                    FailPoint.pass("rest-commit")
                    (event, revision) = try await commit(record, job, journaled: revision)
                    hasEnded = event == .committed && Self.endsWithCommit(record)
                    FailPoint.pass("rest-committed")
                case .retryLater(let cause):
                    if cause != lastCause {
                        log.warning("step fails", metadata: ["txn": "\(id)", "error": "\(cause)"])
                    }
                    lastCause = cause
                    job.result.yield(.failure(Self.unfinished(engine.record, cause)))
                    try await Task.sleep(for: .milliseconds(pauseMs))
                    pauseMs = min(pauseMs * 2, Limits.stepRetryMaxMs)
                    event = .resume
                case .finish(let outcome):
                    FailPoint.pass("rest-finish")
                    if !hasEnded { try await finish(engine.record, job.lock, outcome) }
                    report(outcome, engine.record, revision, job)
                    return
                }
                effects += engine.next(on: event)
            } catch {
                // Whoever finds the journal next goes on from there.
                log.warning(
                    "transaction left to the next", metadata: ["txn": "\(id)", "error": "\(error)"])
                job.result.yield(.failure(Self.failure(error)))
                // Without a journal nobody finds the lock.
                if revision == 0 {
                    _ = try? await store.txn(
                        if: [job.lock.condition, .createRevision(key: journalKey, equals: 0)],
                        then: [.delete(key: job.lock.key)])
                }
                return
            }
        }
    }

    private func report(
        _ outcome: Outcome, _ record: TransactionRecord, _ revision: Int64, _ job: Job
    ) {
        log.notice(
            "transaction ended",
            metadata: [
                "txn": "\(record.id)", "operation": "\(record.operation.rawValue)",
                "outcome": "\(outcome)",
            ])
        switch outcome {
        case .committed: job.result.yield(.success(revision))
        case .undone(let cause):
            job.result.yield(.failure(Self.failure(of: record, cause)))
        }
    }

    private func journal(_ record: TransactionRecord, _ lock: ObjectLock) async throws -> Int64 {
        let key = try await keys().transaction(record.id)
        let value = try RecordCoding.encode(record)
        guard value.count <= StoreAPI.Limits.valueBytesMax else {
            throw GD2Error(.tooLarge, "the volume has too many bricks for one transaction")
        }
        let result = try await retrying {
            try await self.store.txn(if: [lock.condition], then: [.put(key: key, value: value)])
        }
        guard result.succeeded else { throw GD2Error(.conflict, "the lock was lost") }
        return result.revision
    }

    private func commit(
        _ record: TransactionRecord, _ job: Job, journaled: Int64
    ) async throws -> (TransactionEvent, Int64) {
        guard let commit = job.commit else {
            return (.commitRefused(cause: "its coordinator died"), 0)
        }
        let key = try await keys().transaction(record.id)
        var operations = commit.operations
        if Self.fitIntoOne(commit.preparation) {
            operations = commit.preparation + operations
        } else {
            for operation in commit.preparation {
                let result = try await store.txn(if: [job.lock.condition], then: [operation])
                guard result.succeeded else { throw GD2Error(.conflict, "the lock was lost") }
            }
        }
        FailPoint.pass("rest-prepared")
        operations +=
            Self.endsWithCommit(record)
            ? [.delete(key: key), .delete(key: job.lock.key)]
            : [.put(key: key, value: try RecordCoding.encode(record))]
        let final = operations
        let result = try await store.txn(
            // The journal as we wrote it: one that was taken over meanwhile is being undone.
            if: [job.lock.condition, .modRevision(key: key, equals: journaled)]
                + commit.conditions,
            then: final)
        return result.succeeded
            ? (.committed, result.revision)
            : (.commitRefused(cause: Self.join(.conflict, "the volume was changed meanwhile")), 0)
    }

    /// Whether nothing follows the commit, so that it takes journal and lock away itself.
    private static func endsWithCommit(_ record: TransactionRecord) -> Bool {
        record.phase == .committed(step: record.steps.count)
    }

    /// A volume of the usual size is written together with its head.
    private static func fitIntoOne(_ operations: [StoreAPI.Operation]) -> Bool {
        let bytes = operations.map { operation in
            if case .put(_, let value, _) = operation { return value.count }
            return 0
        }
        return operations.count <= Limits.preparedWithCommit
            && bytes.reduce(0, +) <= StoreAPI.Limits.valueBytesMax
    }

    private func finish(
        _ record: TransactionRecord, _ lock: ObjectLock, _ outcome: Outcome
    ) async throws {
        let keys = try await keys()
        var operations: [StoreAPI.Operation] = [
            .delete(key: keys.transaction(record.id)), .delete(key: lock.key),
        ]
        // A volume that was not made leaves the generation that was written for it.
        if case .undone = outcome, record.operation == .createVolume,
            let volume = record.steps.first?.arguments.volume
        {
            operations.append(.deletePrefix(keys.generations(volume)))
        }
        let final = operations
        _ = try await retrying {
            try await self.store.txn(if: [lock.condition], then: final)
        }
    }

    private func run(
        _ number: Int, isUndo: Bool, _ record: TransactionRecord
    ) async -> TransactionEvent {
        let command = StepCommand(
            transaction: record.id, step: number, isUndo: isUndo, fence: record.fence)
        do {
            try await bricks.run(command, on: record.steps[number].peer)
            return isUndo ? .undone(step: number) : .stepDone(step: number)
        } catch {
            let failure = Self.failure(error)
            let cause = Self.join(failure.code, failure.message, step: number)
            return isUndo
                ? .undoFailed(step: number, cause: cause)
                : .stepFailed(step: number, cause: cause)
        }
    }

    private func retrying(
        _ write: @Sendable () async throws -> TxnResult
    ) async throws -> TxnResult {
        var last: any Error = CancellationError()
        for _ in 0..<Limits.storeTries {
            do { return try await write() } catch { last = error }
            try await Task.sleep(for: .milliseconds(Limits.stepRetryMs))
        }
        throw last
    }

    // MARK: Those whose coordinator died

    private func takeOverForEver() async {
        while !Task.isCancelled {
            await withDiscardingTaskGroup { group in
                for record in orphans() {
                    group.addTask { await self.takeOver(record) }
                }
            }
            do { try await Task.sleep(for: .milliseconds(Limits.takeOverEveryMs)) } catch { return }
        }
    }

    private func orphans() -> [TransactionRecord] {
        let view = mirror.view
        guard view.freshness == .current, let keys = view.identity?.keys else { return [] }
        let busy = running.withLock { $0 }
        return view.values.values.compactMap { value in
            guard value.key.hasPrefix(keys.transactions),
                let record = try? RecordCoding.decode(
                    TransactionRecord.self, from: value.value),
                !busy.contains(record.id)
            else { return nil }
            let ownerLives = view.values[keys.session(record.owner)] != nil
            let isOurs = session.now?.id == record.owner
            return ownerLives && !isOurs ? nil : record
        }
    }

    private func takeOver(_ known: TransactionRecord) async {
        do {
            let session = try await session.require()
            let lock = try await ObjectLock.take(
                known.lock, for: known.operation.rawValue, session: session,
                identity: try await mirror.identity(of: store), store: store)
            // The lock may have been waited for by an owner that finished meanwhile.
            let key = try await keys().transaction(known.id)
            guard let value = try await store.get(key) else {
                if !lock.wasHeld {
                    _ = try await store.txn(if: [lock.condition], then: [.delete(key: lock.key)])
                }
                return
            }
            let record = try RecordCoding.decode(TransactionRecord.self, from: value.value)
            log.notice(
                "transaction taken over",
                metadata: ["txn": "\(record.id)", "phase": "\(record.phase)"])
            var engine = TransactionEngine(record)
            let first = engine.takeOver(by: session.id, fence: lock.fence)
            // Nobody waits for it: one that cannot end yet delays no other.
            _ = submit(engine, lock, nil, first)
        } catch {
            log.debug(
                "transaction not taken over",
                metadata: ["txn": "\(known.id)", "error": "\(error)"])
        }
    }
}
