import BrickAPI
import Daemon
import EventLoopTasks
import FoundationEssentials
import GD2Error
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Synchronization
import Transaction

/// Carries transactions out, those of this run and those whose coordinator died. One that was begun
/// is finished or undone though its client goes away. Its job is written together with its journal.
final class TransactionRunner: Service {
    /// What the writes hold beside the journal; only its own coordinator knows it.
    struct Commit: Sendable {
        /// Written with the first record of the journal, or with the commit where that is first.
        var begin: [StoreAPI.Operation] = []
        /// Written before the commit, in writes of their own: what nobody reads until it names it.
        var preparation: [StoreAPI.Operation] = []
        var conditions: [Compare]
        var operations: [StoreAPI.Operation]
        /// Written when it is not even begun: gives back what came with the lock.
        var release: [StoreAPI.Operation] = []
    }

    /// What is told of a transaction while it is carried out.
    enum Report: Sendable {
        /// Journal and job are in the store, at this revision.
        case begun(Int64)
        /// The revision of its commit.
        case ended(Result<Int64, GD2Error>)
        /// Another has taken it over: its job says how it ends.
        case taken(GD2Error)
    }

    /// What is waited for.
    enum Point: Sendable { case begun, ended }

    struct Work: Sendable {
        var engine: TransactionEngine
        var lock: ObjectLock
        var commit: Commit?
        var job: HeldJob
        var first: [TransactionEffect]
        var reports: AsyncStream<Report>.Continuation
    }

    let store: any KeyValueStore
    let mirror: StoreMirror
    let session: Session
    let bricks: any StepTarget
    let log: Logger
    /// Passes a place at which tests end this run.
    let pass: @Sendable (String) -> Void
    private let work: AsyncStream<Work>
    private let workGiver: AsyncStream<Work>.Continuation
    let running = Mutex<Set<TransactionID>>([])
    let abandoned = Mutex<[AbandonedLock]>([])

    init(
        store: any KeyValueStore, mirror: StoreMirror, session: Session, bricks: any StepTarget,
        log: Logger, pass: @escaping @Sendable (String) -> Void = { FailPoint.pass($0) }
    ) {
        self.store = store
        self.mirror = mirror
        self.session = session
        self.bricks = bricks
        self.log = log
        self.pass = pass
        (work, workGiver) = AsyncStream.makeStream(of: Work.self)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.takeOverForEver() }
                for await work in self.work {
                    group.addTask { await onEventLoop { await self.carryOut(work) } }
                }
                group.cancelAll()
            }
        }
    }

    /// Runs a new transaction and waits until it is begun or ended: the revision of that.
    func perform(
        _ record: TransactionRecord, _ job: JobRecord, lock: ObjectLock, commit: Commit,
        until point: Point
    ) async throws -> Int64 {
        var engine = TransactionEngine(record)
        let first = engine.begin()
        for await report in submit(engine, lock, commit, HeldJob(record: job), first) {
            switch (report, point) {
            case (.begun(let revision), .begun): return revision
            case (.begun, .ended): continue
            case (.ended(let result), _): return try result.get()
            case (.taken(let failure), _): return try await endedElsewhere(job.id, failure)
            }
        }
        throw GD2Error(
            .unavailable,
            "gd2-rest is stopping; the change goes on or is undone: "
                + "glustercli job wait \(job.id)", fields: ["job": job.id.description])
    }

    @discardableResult func submit(
        _ engine: TransactionEngine, _ lock: ObjectLock, _ commit: Commit?, _ job: HeldJob,
        _ first: [TransactionEffect]
    ) -> AsyncStream<Report> {
        let (results, reports) = AsyncStream.makeStream(of: Report.self)
        _ = running.withLock { $0.insert(engine.record.id) }
        workGiver.yield(
            Work(
                engine: engine, lock: lock, commit: commit, job: job, first: first,
                reports: reports))
        return results
    }

    // MARK: Effects

    /// How far the writes of one run are.
    struct Written: Sendable {
        /// Of the journal's last write by this run; 0 before the first.
        var journal: Int64 = 0
        /// Whether job and request are in the store, as this run's.
        var hasBegun = false
        /// Whether the commit took journal and lock away.
        var hasEnded = false
        var commit: Int64 = 0
    }

    private func carryOut(_ work: Work) async {
        var work = work
        var engine = work.engine
        var effects = work.first
        var written = Written(journal: work.job.journaled)
        var (lastCause, pauseMs) = ("", Limits.stepRetryMs)
        var patience = CleanUpPatience()
        let id = engine.record.id
        defer {
            _ = running.withLock { $0.remove(id) }
            work.reports.finish()
        }
        while let effect = effects.first {
            effects.removeFirst()
            do {
                let event: TransactionEvent
                switch effect {
                case .journal(let record):
                    pass("rest-journal")
                    try await journal(record, nil, &work, &written)
                    event = .journaled
                case .handOver(let left, let record):
                    pass("rest-hand-over")
                    try await journal(record, left, &work, &written)
                    log.warning(
                        "step left to its node",
                        metadata: [
                            "txn": "\(id)", "peer": "\(left.peer)",
                            "step": "\(left.step.action.rawValue)", "error": "\(lastCause)",
                        ])
                    event = .journaled
                case .run(let step):
                    pass("rest-step")
                    event = await run(
                        step, isUndo: false, engine.record, journaled: written.journal, &patience,
                        &lastCause)
                case .runTogether(let steps):
                    pass("rest-step")
                    if case .running = engine.record.phase, let cause = cancellation(work) {
                        event = .cancelled(cause: cause)
                    } else {
                        event = await runTogether(
                            steps, engine.record, journaled: written.journal)
                    }
                case .undo(let step):
                    pass("rest-undo")
                    event = await run(
                        step, isUndo: true, engine.record, journaled: written.journal, &patience,
                        &lastCause)
                case .commit(let record):
                    pass("rest-commit")
                    if let cause = cancellation(work) {
                        event = .cancelled(cause: cause)
                    } else {
                        event = try await commit(record, &work, &written)
                        pass("rest-committed")
                    }
                case .retryLater(let cause):
                    if cause != lastCause {
                        log.warning("step fails", metadata: ["txn": "\(id)", "error": "\(cause)"])
                    }
                    lastCause = cause
                    // A node that finds no journal says so, which says nothing of the change.
                    if await isTaken(id, written) { throw Self.lockLost }
                    work.reports.yield(.ended(.failure(Self.unfinished(engine.record, cause))))
                    try await Task.sleep(for: .milliseconds(pauseMs))
                    pauseMs = min(pauseMs * 2, Limits.stepRetryMaxMs)
                    event = .resume
                case .finish(let outcome):
                    pass("rest-finish")
                    if !written.hasEnded { try await finish(engine.record, work, written, outcome) }
                    report(outcome, engine.record, written.commit, work)
                    return
                }
                if engine.record.fence.token == 0 { engine.locked(by: work.lock.fence) }
                effects += engine.next(on: event)
            } catch let refused as NotBegun {
                work.reports.yield(.ended(.failure(refused.why)))
                return
            } catch {
                await leave(engine.record, work, written, error)
                return
            }
        }
    }

    /// Whoever finds the journal next goes on from there; without one nobody finds the lock.
    private func leave(
        _ record: TransactionRecord, _ work: Work, _ written: Written, _ error: any Error
    ) async {
        log.warning(
            "transaction left to the next", metadata: ["txn": "\(record.id)", "error": "\(error)"])
        let failure = Self.failure(error)
        work.reports.yield(
            failure == Self.lockLost && written.hasBegun
                ? .taken(failure) : .ended(.failure(failure)))
        // One that came with its lock is found by its journal, if it was written at all.
        guard written.journal == 0, work.commit != nil, work.lock.taking == nil else { return }
        abandon(
            AbandonedLock(
                lock: work.lock, object: record.lock, transaction: record.id,
                release: work.commit?.release ?? []))
        await dropAbandoned()
    }

    private func report(
        _ outcome: Outcome, _ record: TransactionRecord, _ revision: Int64, _ work: Work
    ) {
        log.notice(
            "transaction ended",
            metadata: [
                "txn": "\(record.id)", "operation": "\(record.operation.rawValue)",
                "outcome": "\(outcome)",
            ])
        switch outcome {
        case .committed: work.reports.yield(.ended(.success(revision)))
        case .undone(let cause):
            work.reports.yield(.ended(.failure(Self.failure(of: record, cause))))
        }
    }

    /// Why it is to be undone, when somebody cancelled its job.
    private func cancellation(_ work: Work) -> String? {
        let view = mirror.view
        return view.identity.flatMap { view.values[$0.keys.jobCancel(work.engine.record.job)] }
            .map(Self.cancelled)
    }
}
