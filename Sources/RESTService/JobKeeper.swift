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

/// Carries out waits for nodes, those of this run and those whose gd2-rest died, and keeps the
/// history of jobs and requests short. A wait's record is written with the head that it waits for,
/// and ended by one Txn that compares its modification revision: once, whoever does it.
final class JobKeeper: Service {
    private struct Wait: Sendable {
        var job: JobID
        var wait: NodeWait
        var result: AsyncStream<WaitResult>.Continuation
    }

    /// The names of the nodes that do not answer and will follow, or what failed.
    typealias WaitResult = Result<[String], GD2Error>

    let store: any KeyValueStore
    let mirror: StoreMirror
    private let session: Session
    private let convergence: Duration
    /// Which of some nodes are known not to answer.
    private let silent: @Sendable (Set<PeerID>) async -> Set<PeerID>
    private let log: Logger
    private let waits: AsyncStream<Wait>
    private let waitGiver: AsyncStream<Wait>.Continuation
    private let running = Mutex<Set<JobID>>([])
    private let begun = Atomic(0)
    /// Of the mirror.
    let reader = JobReader()

    init(
        store: any KeyValueStore, mirror: StoreMirror, session: Session, convergence: Duration,
        silent: @escaping @Sendable (Set<PeerID>) async -> Set<PeerID>, log: Logger
    ) {
        self.store = store
        self.mirror = mirror
        self.session = session
        self.convergence = convergence
        self.silent = silent
        self.log = log
        (waits, waitGiver) = AsyncStream.makeStream(of: Wait.self)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.adoptForEver() }
                group.addTask { await self.trimForEver() }
                for await wait in self.waits {
                    group.addTask { await onEventLoop { await self.carryOut(wait) } }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: Begin

    /// A new job of this node's, as `asked` wants it.
    func job(
        _ operation: String, _ volume: VolumeName, _ asked: Asked, _ session: Session.Current
    ) async throws -> JobRecord {
        var job = JobRecord(
            id: asked.job, operation: operation, object: "volume/\(volume)", by: asked.by,
            startedMs: Date.nowMs)
        job.peer = try await mirror.identity(of: store).peer
        job.owner = session.id
        job.result = "/v1/volumes/\(volume)"
        return job
    }

    /// Counts what is kept for a while.
    func noteBegun() { begun.add(1, ordering: .relaxed) }

    // MARK: Waits

    /// Waits on, whatever becomes of the caller; one result.
    func begin(_ job: JobID, _ wait: NodeWait) -> AsyncStream<WaitResult> {
        let (results, result) = AsyncStream.makeStream(of: WaitResult.self)
        noteBegun()
        _ = running.withLock { $0.insert(job) }
        waitGiver.yield(Wait(job: job, wait: wait, result: result))
        return results
    }

    private func carryOut(_ wait: Wait) async {
        defer {
            _ = running.withLock { $0.remove(wait.job) }
            wait.result.finish()
        }
        do {
            let (view, nodes) = try await settled(wait.wait, unless: wait.job)
            if Self.hasEnded(wait.job, view, since: nodes),
                let ended = JobShapes.record(wait.job, view)
            {
                wait.result.yield(ended.error.map { .failure(GD2Error($0)) } ?? .success([]))
                return
            }
            let failure = nodes.failure(view)
            // The client need not wait for the record of its end.
            wait.result.yield(failure.map { .failure($0) } ?? .success(nodes.left(view)))
            try await end(wait.job) { job in
                job.ended(
                    failure == nil ? .done : .failed, error: failure.map(JobRecord.Failure.init),
                    atMs: Date.nowMs)
            }
        } catch {
            log.debug(
                "job left to the next", metadata: ["job": "\(wait.job)", "error": "\(error)"])
        }
    }

    /// The view in which all nodes are ready, the job has ended, or the time is over. Nodes that
    /// are silent are not waited for, also those that fall silent meanwhile.
    func settled(
        _ wait: NodeWait, unless job: JobID? = nil
    ) async throws -> (MirrorView, NodeWait) {
        let end = ContinuousClock.now + convergence
        var nodes = wait
        while true {
            nodes.silent = await silent(nodes.peers)
            let now = nodes
            let left = end - .now
            do {
                let view = try await mirror.first(timeout: min(left, Limits.silentEvery)) { view in
                    now.isOver(view) || job.map { Self.hasEnded($0, view, since: now) } == true
                }
                return (view, nodes)
            } catch StoreError.timedOut {
                if left <= Limits.silentEvery { return (mirror.view, nodes) }
            }
        }
    }

    /// Whether somebody else ended it. As it was written with the head it runs.
    private static func hasEnded(_ job: JobID, _ view: MirrorView, since wait: NodeWait) -> Bool {
        guard let key = view.identity?.keys.job(job), let found = view.values[key],
            found.modRevision != wait.revision
        else { return false }
        return JobShapes.record(job, view)?.state.hasEnded == true
    }

    /// Ends a job that runs; nil when it has ended or is gone.
    @discardableResult func end(
        _ id: JobID, _ change: (JobRecord) -> JobRecord
    ) async throws -> JobRecord? {
        try await update(id) { job in job.state.hasEnded ? nil : change(job) }
    }

    /// Changes a job's record, with `conditions` beside; nil when `change` is or the job is gone.
    /// The view has it in most cases; where it is old the write fails, and the store is asked.
    @discardableResult func update(
        _ id: JobID, if conditions: [Compare] = [], _ change: (JobRecord) -> JobRecord?
    ) async throws -> JobRecord? {
        let key = try await mirror.identity(of: store).keys.job(id)
        var viewed = mirror.view.values[key]
        for _ in 0..<Limits.storeTries {
            do {
                var found = viewed
                viewed = nil
                if found == nil { found = try await store.get(key) }
                guard let known = found else { return nil }
                let job = try RecordCoding.decode(JobRecord.self, from: known.value)
                guard let new = change(job) else { return nil }
                let value = try RecordCoding.encode(new, updating: known.value)
                let result = try await store.txn(
                    if: [.modRevision(key: key, equals: known.modRevision)] + conditions,
                    then: [.put(key: key, value: value)])
                if result.succeeded {
                    _ = try? await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
                    return new
                }
            } catch is StoreError {}
            try await Task.sleep(for: .milliseconds(Limits.stepRetryMs))
        }
        throw GD2Error(.unavailable, "job \(id) cannot be written now: try again")
    }

    // MARK: Those whose gd2-rest died

    private func adoptForEver() async {
        while !Task.isCancelled {
            for job in orphans().prefix(Limits.takeOversAtOnce) { await adopt(job) }
            do { try await Task.sleep(for: .milliseconds(Limits.takeOverEveryMs)) } catch { return }
        }
    }

    /// Jobs that run nowhere. One that has a journal is the TransactionRunner's to take.
    private func orphans() -> [JobRecord] {
        let view = mirror.view
        guard view.freshness == .current, let keys = view.identity?.keys, let own = session.now
        else { return [] }
        let busy = running.withLock { $0 }
        return reader.records(view).filter { job in
            let journal = keys.transaction(TransactionID(high: job.id.high, low: job.id.low))
            guard !job.state.hasEnded, !busy.contains(job.id), view.values[journal] == nil
            else { return false }
            if job.owner == own.id { return job.waitsFor != nil }
            return view.values[keys.session(job.owner)] == nil
        }
    }

    private func adopt(_ job: JobRecord) async {
        do {
            let own = try await session.require()
            let identity = try await mirror.identity(of: store)
            let journal = identity.keys.transaction(
                TransactionID(high: job.id.high, low: job.id.low))
            let owner = job.owner
            let adopted = try await update(
                job.id, if: [.createRevision(key: journal, equals: 0)]
            ) { job in
                guard !job.state.hasEnded, job.owner == owner else { return nil }
                guard job.waitsFor != nil else { return Self.lost(job) }
                var job = job
                job.owner = own.id
                job.peer = identity.peer
                return job
            }
            guard let adopted, !adopted.state.hasEnded, let volume = adopted.waitsFor else {
                return
            }
            log.notice(
                "job taken over",
                metadata: ["job": "\(job.id)", "operation": "\(job.operation)"])
            let view = mirror.view
            guard let known = ClusterState(view).volumes[volume],
                let revision = view.values[identity.keys.job(job.id)]?.createRevision
            else {
                try await end(job.id, Self.lost)
                return
            }
            _ = begin(job.id, NodeWait(volume: known, revision: revision))
        } catch {
            log.debug("job not taken over", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    /// One that a gd2-rest left behind that writes no jobs, or whose volume is gone.
    private static func lost(_ job: JobRecord) -> JobRecord {
        job.ended(
            .failed,
            error: JobRecord.Failure(
                code: ErrorCode.unavailable.rawValue,
                message: "how \(job.operation) of \(job.object) ended is not known: look at it"),
            atMs: Date.nowMs)
    }

    // MARK: History

    private func trimForEver() async {
        var sinceMs = 0
        while !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(Limits.takeOverEveryMs)) } catch { return }
            sinceMs += Limits.takeOverEveryMs
            let count = begun.load(ordering: .relaxed)
            guard sinceMs >= Limits.historyLookMs || count >= Limits.begunBetweenLooks else {
                continue
            }
            do {
                try await trim()
                begun.subtract(count, ordering: .relaxed)
                sinceMs = 0
            } catch {
                log.debug("history not trimmed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Forgets jobs that ended a week ago and requests of a day ago, and the oldest above a number.
    /// Reservations of keys go with their session.
    func trim() async throws {
        let keys = try await mirror.identity(of: store).keys
        let jobs = JobRecord.surplus(
            of: reader.records(mirror.view), nowMs: Date.nowMs, keep: Limits.jobsKept,
            ageMs: Limits.jobsKeptMs)
        let found = try await store.list(prefix: keys.requests).values.filter { $0.lease == 0 }
        let now = Date.nowMs
        let byAge = found.map { value in
            let record = try? RecordCoding.decode(RequestRecord.self, from: value.value)
            return (key: value.key, startedMs: record?.startedMs ?? 0)
        }.sorted { $0.startedMs < $1.startedMs }
        let surplus = max(0, byAge.count - Limits.requestsKept)
        let old = byAge.prefix { now - $0.startedMs > Limits.requestsKeptMs }.count
        let gone = jobs.map(keys.job) + byAge.prefix(max(surplus, old)).map(\.key)
        for start in stride(from: 0, to: gone.count, by: StoreAPI.Limits.txnOperationsMax) {
            let part = gone.dropFirst(start).prefix(StoreAPI.Limits.txnOperationsMax)
            _ = try await store.txn(if: [], then: part.map { .delete(key: $0) })
        }
    }
}
