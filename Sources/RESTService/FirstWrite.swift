import GD2Error
import StoreAPI
import Transaction

/// Thrown where the first write of a transaction did not go: nothing is in the store.
struct NotBegun: Error {
    var why: GD2Error
}

/// What the first write of a transaction holds that takes its lock too.
extension TransactionRunner {
    static let changedMeanwhile = "the volume or a peer of it was changed meanwhile"

    func taking(_ work: Work) -> [StoreAPI.Operation] {
        work.lock.taking.map { [$0.operation] } ?? []
    }

    /// What the commit compares, so that nothing is begun in vain. And a try that reaches the store
    /// after all has ended must not begin it once more, whose undo would take away what was made:
    /// the job stays for long.
    func firstConditions(_ work: Work, _ keys: StoreKeys) -> [Compare]? {
        guard let taking = work.lock.taking else { return nil }
        let id = work.engine.record.job
        return taking.conditions + [.createRevision(key: keys.job(id), equals: 0)]
            + (work.commit?.conditions ?? [])
    }

    /// Why a write under the lock, or the one that was to take it, was refused.
    func refusal(_ work: Work, _ record: TransactionRecord) async throws -> any Error {
        guard let taking = work.lock.taking else { return Self.lockLost }
        if let held = try await ObjectLock.holder(of: record.lock, store: store) {
            return NotBegun(why: held)
        }
        do { try await taking.check() } catch let used as GD2Error { return NotBegun(why: used) }
        return NotBegun(
            why: GD2Error(.conflict, "\(Self.changedMeanwhile): try again"))
    }
}
