import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror
import Transaction

/// Transactions that this run began and another has taken over, since this one was stopped for
/// longer than its lease: what its client is told is what became of them.
extension TransactionRunner {
    /// Whether the journal is another's by now, or gone; false when the store does not say.
    func isTaken(_ id: TransactionID, _ written: Written) async -> Bool {
        guard written.journal != 0, let keys = try? await keys() else { return false }
        do {
            let found = try await store.get(keys.transaction(id))
            return found?.modRevision != written.journal
        } catch { return false }
    }

    /// Waits for the end of `job` and gives the revision at which it is seen to be done, or throws
    /// why it failed.
    func endedElsewhere(_ job: JobID, _ failure: GD2Error) async throws -> Int64 {
        let view: MirrorView
        do {
            view = try await mirror.first(timeout: Limits.takenWait) { view in
                JobShapes.record(job, view)?.state.hasEnded == true
            }
        } catch {
            throw GD2Error(
                .unavailable,
                "this node lost the change (\(failure.message)); another ends it: "
                    + "glustercli job wait \(job)", fields: ["job": job.description])
        }
        if let failure = JobShapes.record(job, view)?.error { throw GD2Error(failure) }
        return view.revision
    }
}
