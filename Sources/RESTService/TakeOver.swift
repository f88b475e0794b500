import FoundationEssentials
import GD2Error
import GlusterModel
import Logging
import StoreAPI
import StoreMirror
import Synchronization
import Transaction

/// A lock of this session's under which nothing was begun.
struct AbandonedLock: Sendable {
    /// Nil: whether it was taken is not known.
    var lock: ObjectLock?
    var object: String
    /// Whose it is; when that has a journal, the lock goes with it.
    var transaction: TransactionID
    /// What came with the lock.
    var release: [StoreAPI.Operation]
    var looks = 0
}

/// Transactions whose coordinator died, or lost the store, and locks that nothing goes with. Every
/// gd2-rest looks at all of them; the lock decides who gets one.
extension TransactionRunner {
    /// When a transaction that another took first is looked at again.
    private struct Patience {
        var next: ContinuousClock.Instant
        var pauseMs: Int
    }

    func takeOverForEver() async {
        var patience: [TransactionID: Patience] = [:]
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let orphans = orphans()
            patience = patience.filter { known in orphans.contains { $0.id == known.key } }
            let due = orphans.filter { patience[$0.id].map { $0.next <= now } ?? true }
            for record in due.prefix(Limits.takeOversAtOnce) {
                if await takeOver(record) {
                    patience[record.id] = nil
                } else {
                    let pauseMs = min(
                        (patience[record.id]?.pauseMs ?? Limits.takeOverEveryMs / 2) * 2,
                        Limits.takeOverRetryMaxMs)
                    patience[record.id] = Patience(
                        next: .now + .milliseconds(pauseMs), pauseMs: pauseMs)
                }
            }
            await dropAbandoned()
            await forgetRemovedPeers()
            do { try await Task.sleep(for: .milliseconds(Limits.takeOverEveryMs)) } catch { return }
        }
    }

    /// Journals whose owner's session is gone, and own ones that do not run.
    func orphans() -> [TransactionRecord] {
        let view = mirror.view
        guard view.freshness == .current, let keys = view.identity?.keys else { return [] }
        let busy = running.withLock { $0 }
        return Self.journals(view).filter { record in
            if busy.contains(record.id) { return false }
            let ownerLives = view.values[keys.session(record.owner)] != nil
            return !ownerLives || session.now?.id == record.owner
        }
    }

    static func journals(_ view: MirrorView) -> [TransactionRecord] {
        guard let prefix = view.identity?.keys.transactions else { return [] }
        return view.values.below(prefix).compactMap { value in
            try? RecordCoding.decode(TransactionRecord.self, from: value.value)
        }
    }

    /// A transaction on `object` that has not ended; while there is one no other is begun on it,
    /// though its lock went with its coordinator.
    func unfinished(on object: String) -> GD2Error? {
        guard let record = Self.journals(mirror.view).first(where: { $0.lock == object }) else {
            return nil
        }
        let what = object.split(separator: "/").joined(separator: " ")
        return GD2Error(
            .conflict,
            "\(record.operation.rawValue) of \(what) has not ended yet (job \(record.job)): "
                + "glustercli job wait \(record.job), then try again",
            fields: ["operation": record.operation.rawValue, "job": "\(record.job)"])
    }

    /// Whether it is ours now, or has ended.
    private func takeOver(_ known: TransactionRecord) async -> Bool {
        do {
            let session = try await session.require()
            let identity = try await mirror.identity(of: store)
            let journalKey = identity.keys.transaction(known.id)
            guard let created = mirror.view.values[journalKey]?.createRevision else { return true }
            // Taken late, when its journal is gone, it would stay for as long as this session.
            let wish = ObjectLock.Wish(
                object: known.lock, operation: known.operation.rawValue, job: known.job,
                conditions: [.createRevision(key: journalKey, equals: created)])
            guard
                let lock = try await ObjectLock.take(
                    wish, session: session, identity: identity, store: store)
            else { return false }
            let keys = identity.keys
            // The lock may have been waited for by an owner that finished meanwhile.
            guard let value = try await store.get(journalKey) else {
                _ = try await store.txn(if: [lock.condition], then: [.delete(key: lock.key)])
                return true
            }
            let record = try RecordCoding.decode(TransactionRecord.self, from: value.value)
            let stored = try await store.get(keys.job(record.job))
            let job = HeldJob(
                record: try stored.map { value in
                    var job = try RecordCoding.decode(JobRecord.self, from: value.value)
                    job.owner = session.id
                    job.peer = identity.peer
                    return job
                }, stored: stored?.value, journaled: value.modRevision)
            log.notice(
                "transaction taken over",
                metadata: ["txn": "\(record.id)", "phase": "\(record.phase)"])
            var engine = TransactionEngine(record)
            let cancel = try await store.get(keys.jobCancel(record.job))
            let first = engine.takeOver(
                by: session.id, fence: lock.fence,
                cause: cancel.map(Self.cancelled) ?? TransactionEngine.coordinatorDied)
            // Nobody waits for it: one that cannot end yet delays no other.
            submit(engine, lock, nil, job, first)
            return true
        } catch {
            log.debug(
                "transaction not taken over",
                metadata: ["txn": "\(known.id)", "error": "\(error)"])
            return false
        }
    }

    // MARK: Locks under which nothing was begun

    func abandon(_ lock: AbandonedLock) { abandoned.withLock { $0.append(lock) } }

    func dropAbandoned() async {
        let all = abandoned.withLock { all in
            defer { all = [] }
            return all
        }
        for var lock in all where await !drop(lock) {
            lock.looks += 1
            if lock.looks < Limits.abandonedLooks { abandon(lock) }
        }
    }

    /// Whether it needs no more looks.
    private func drop(_ abandoned: AbandonedLock) async -> Bool {
        do {
            let keys = try await keys()
            let key = keys.lock(abandoned.object)
            guard let found = try await store.get(key) else { return abandoned.lock != nil }
            let holder = try RecordCoding.decode(ObjectLock.Holder.self, from: found.value)
            let id = abandoned.transaction
            // Another has it meanwhile: a taking that is still on its way comes after its end.
            guard holder.isOf(id) else { return abandoned.lock != nil }
            _ = try await store.txn(
                if: [
                    .createRevision(key: key, equals: found.createRevision),
                    .createRevision(key: keys.transaction(id), equals: 0),
                ], then: [.delete(key: key)] + abandoned.release)
            return true
        } catch { return false }
    }
}
