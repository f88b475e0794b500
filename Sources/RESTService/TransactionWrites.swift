import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror
import Transaction

/// A job that a coordinator ends, with what of its record it does not know.
struct HeldJob: Sendable {
    /// Nil: begun by a version that writes no jobs.
    var record: JobRecord?
    /// As the store has it; nil: as `record`.
    var stored: [UInt8]?
    /// The modification revision of a journal that was found; 0: there is none yet.
    var journaled: Int64 = 0

    func put(_ job: JobRecord, _ keys: StoreKeys) throws -> StoreAPI.Operation {
        let value =
            if let stored { try RecordCoding.encode(job, updating: stored) } else {
                try RecordCoding.encode(job)
            }
        return .put(key: keys.job(job.id), value: value)
    }
}

/// What stands at `jobs/<id>/cancel`.
struct CancelRecord: Hashable, Sendable, Codable {
    var schema = 1
    var by: String
}

/// The writes of a transaction. Each compares the lock, so that whoever lost it changes nothing.
extension TransactionRunner {
    /// Known from the mirror; asked for only before it was read.
    func keys() async throws -> StoreKeys {
        if let keys = mirror.view.identity?.keys { return keys }
        return try await store.identity().keys
    }

    /// `left`: what is left to a node together with it.
    func journal(
        _ record: TransactionRecord, _ left: Leftover?, _ work: inout Work,
        _ written: inout Written
    ) async throws {
        let keys = try await keys()
        let value = try RecordCoding.encode(record)
        guard value.count <= StoreAPI.Limits.valueBytesMax else {
            throw GD2Error(.tooLarge, "the volume has too many bricks for one transaction")
        }
        let journalKey = keys.transaction(record.id)
        var operations: [StoreAPI.Operation] = [.put(key: journalKey, value: value)]
        if var left {
            left.sinceMs = Date.nowMs
            operations.append(
                .put(
                    key: keys.leftover(left.transaction, step: left.number, of: left.peer),
                    value: try RecordCoding.encode(left)))
        }
        if !written.hasBegun {
            operations += work.commit?.begin ?? []
            if let job = work.job.record { operations.append(try work.job.put(job, keys)) }
        }
        let final = operations + taking(work)
        // As we wrote it last: a try whose answer is late must not bring back what it was then.
        let conditions =
            [work.lock.condition, .modRevision(key: journalKey, equals: written.journal)]
            + (firstConditions(work, keys) ?? [])
        let result = try await retrying {
            try await self.store.txn(if: conditions, then: final)
        }
        var revision = result.revision
        if !result.succeeded {
            // A try before this one may have gone well though its answer was lost.
            guard let found = try await store.get(journalKey), found.value == value else {
                throw try await refusal(work, record)
            }
            revision = found.modRevision
        }
        written.journal = revision
        work.lock.taken(at: revision)
        if !written.hasBegun { work.reports.yield(.begun(written.journal)) }
        written.hasBegun = true
    }

    func commit(
        _ record: TransactionRecord, _ work: inout Work, _ written: inout Written
    ) async throws -> TransactionEvent {
        guard let commit = work.commit else {
            return .commitRefused(cause: TransactionEngine.coordinatorDied)
        }
        let keys = try await keys()
        let journalKey = keys.transaction(record.id)
        var operations = commit.operations
        if Self.fitIntoOne(commit.preparation) {
            operations = commit.preparation + operations
        } else {
            for operation in commit.preparation {
                let result = try await store.txn(if: [work.lock.condition], then: [operation])
                guard result.succeeded else { throw Self.lockLost }
            }
        }
        pass("rest-prepared")
        if !written.hasBegun { operations += commit.begin }
        // Nothing follows: the commit takes journal and lock away itself.
        let isEnd = record.phase == .committed(step: record.steps.count)
        operations +=
            isEnd
            ? [.delete(key: journalKey), .delete(key: work.lock.key)]
            : [.put(key: journalKey, value: try RecordCoding.encode(record))] + taking(work)
        if let job = work.job.record {
            operations.append(try work.job.put(Self.committed(job, isEnd: isEnd), keys))
        }
        let final = operations
        let cancelKey = keys.jobCancel(record.job)
        let result = try await store.txn(
            if: [
                work.lock.condition,
                // The journal as we wrote it: one that was taken over meanwhile is being undone.
                .modRevision(key: journalKey, equals: written.journal),
                .createRevision(key: cancelKey, equals: 0),
            ] + (firstConditions(work, keys) ?? commit.conditions),
            then: final)
        guard result.succeeded else {
            if work.lock.taking != nil { throw try await refusal(work, record) }
            let cancel = try await store.get(cancelKey)
            let changed = Self.join(.conflict, Self.changedMeanwhile)
            return .commitRefused(cause: cancel.map(Self.cancelled) ?? changed)
        }
        work.lock.taken(at: result.revision)
        if !written.hasBegun { work.reports.yield(.begun(result.revision)) }
        written = Written(
            journal: result.revision, hasBegun: true, hasEnded: isEnd, commit: result.revision)
        return .committed
    }

    private static func committed(_ job: JobRecord, isEnd: Bool) -> JobRecord {
        var job = job
        job.isCommitted = true
        return isEnd ? job.ended(.done, atMs: Date.nowMs) : job
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

    /// Takes journal and lock away and ends the job, all at once, as long as both are ours.
    func finish(
        _ record: TransactionRecord, _ work: Work, _ written: Written, _ outcome: Outcome
    ) async throws {
        let keys = try await keys()
        let journalKey = keys.transaction(record.id)
        var operations: [StoreAPI.Operation] = [
            .delete(key: journalKey), .delete(key: work.lock.key),
            .delete(key: keys.jobCancel(record.job)),
        ]
        if let job = work.job.record {
            operations.append(try work.job.put(Self.end(of: job, record, outcome), keys))
        } else if !written.hasBegun {
            operations += work.commit?.release ?? []
        }
        // What was not committed leaves the generation that was written for it.
        if case .undone = outcome, let volume = record.steps.first?.arguments.volume {
            if record.operation == .createVolume {
                operations.append(.deletePrefix(keys.generations(volume)))
            } else if let generation = record.generation {
                operations.append(.deletePrefix(keys.generation(volume, generation)))
            }
        }
        let final = operations
        let result = try await retrying {
            try await self.store.txn(
                if: [
                    work.lock.condition, .modRevision(key: journalKey, equals: written.journal),
                ], then: final)
        }
        if result.succeeded {
            // Who asks next, of this object or this job, finds it ended.
            _ = try? await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
        } else if try await store.get(journalKey) != nil {
            // Else a try before this one went well though its answer was lost.
            throw Self.lockLost
        }
    }

    private static func end(
        of job: JobRecord, _ record: TransactionRecord, _ outcome: Outcome
    ) -> JobRecord {
        var job = job
        switch outcome {
        case .committed:
            job.isCommitted = true
            return job.ended(.done, atMs: Date.nowMs)
        case .undone(let cause):
            return job.ended(
                isCancelled(cause) ? .cancelled : .failed,
                error: JobRecord.Failure(failure(of: record, cause)), atMs: Date.nowMs)
        }
    }

    static let lockLost = GD2Error(.conflict, "the lock was lost")

    func retrying(
        _ write: @Sendable () async throws -> TxnResult
    ) async throws -> TxnResult {
        var last: any Error = CancellationError()
        for _ in 0..<Limits.storeTries {
            do { return try await write() } catch { last = error }
            try await Task.sleep(for: .milliseconds(Limits.stepRetryMs))
        }
        throw last
    }
}
