import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror

/// Writes what this node says of its volumes to `reported/<peer>/volumes/…`, when it differs from
/// what stands there. Somebody waits for what is as it should be or has failed: that is written at
/// once. What passes (a brick that starts, the report of a volume that is gone or was never
/// started) is written when it stays for a while: each write is a commit of the store's and goes to
/// every node.
struct Reporter: Service {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let supervisor: Supervisor
    let log: Logger

    /// What of a view is still to be compared with what this node says.
    private struct Progress {
        /// The view up to which the records of the store were looked at.
        var view: UInt64 = 0
        /// Volumes whose record was another than this node's report; nil: all may be.
        var open: Set<VolumeID>?
    }

    private struct Change {
        var volume: VolumeID
        var operation: StoreAPI.Operation
        var passes: Bool
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let (wakes, waker) = AsyncStream.makeStream(
                of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                group.addTask { for await _ in await supervisor.changes() { waker.yield() } }
                var progress = Progress()
                var passingSince: ContinuousClock.Instant?
                for await _ in wakes {
                    let isDue = passingSince.map { .now - $0 >= Limits.reportPassing } ?? false
                    let done = await write(whatPasses: isDue, &progress)
                    if done.isComplete { passingSince = nil }
                    if !done.isComplete, passingSince == nil {
                        passingSince = .now
                        group.addTask {
                            try? await Task.sleep(for: Limits.reportPassing)
                            waker.yield()
                        }
                    }
                    guard done.hasWritten else { continue }
                    let pause = Duration.milliseconds(Limits.reportPauseMs)
                    do { try await Task.sleep(for: pause) } catch { break }
                }
                group.cancelAll()
            }
        }
    }

    /// Tries again until it is written.
    private func write(
        whatPasses: Bool, _ progress: inout Progress
    ) async -> (hasWritten: Bool, isComplete: Bool) {
        while !Task.isCancelled {
            do {
                let view = mirror.view
                guard let identity = view.identity else { return (false, true) }
                let changes = try await changes(view, identity, &progress)
                let due = changes.filter { whatPasses || !$0.passes }.map(\.operation)
                for start in stride(from: 0, to: due.count, by: Limits.reportsAtOnce) {
                    let end = min(start + Limits.reportsAtOnce, due.count)
                    let result = try await store.txn(if: [], then: Array(due[start..<end]))
                    // What was written is compared with next time.
                    _ = try? await mirror.wait(for: result.revision, timeout: .seconds(1))
                }
                return (!due.isEmpty, due.count == changes.count)
            } catch {
                log.debug("report not written", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: .milliseconds(Limits.reportRetryMs)) } catch { break }
        }
        return (false, true)
    }

    /// What differs, of that which is new in the view or here, or differed before.
    private func changes(
        _ view: MirrorView, _ identity: StoreIdentity, _ progress: inout Progress
    ) async throws -> [Change] {
        let prefix = identity.keys.reported(by: identity.peer) + "volumes/"
        let looked = view.keysChanged(since: progress.view).map { keys in
            keys.compactMap { Self.volume(of: $0, prefix) }
        }
        let also = progress.open.flatMap { open in looked.map(open.union) }
        let told = await supervisor.newReports(also: also)
        // What this fails to write is looked at again.
        progress = Progress(view: view.number, open: told.isAll ? nil : Set(told.reports.keys))
        var changes: [Change] = []
        for (volume, report) in told.reports {
            let key = prefix + volume.description
            let stored = view.values[key]?.value
            if let report {
                let bytes = try RecordCoding.encode(report)
                guard stored != bytes else { continue }
                changes.append(
                    Change(
                        volume: volume, operation: .put(key: key, value: bytes),
                        passes: report.passes(of: told.states[volume])))
            } else if stored != nil {
                changes.append(Change(volume: volume, operation: .delete(key: key), passes: true))
            }
        }
        if told.isAll {
            for value in view.values.below(prefix) {
                guard let volume = Self.volume(of: value.key, prefix), told.reports[volume] == nil
                else { continue }
                changes.append(
                    Change(
                        volume: volume, operation: .delete(key: value.key), passes: true))
            }
        }
        progress.open = Set(changes.map(\.volume))
        return changes
    }

    private static func volume(of key: String, _ prefix: String) -> VolumeID? {
        guard key.utf8.starts(with: prefix.utf8) else { return nil }
        return VolumeID(String(key.dropFirst(prefix.count)))
    }
}

extension VolumeReport {
    /// Whether nobody waits for it: something else follows by itself, or the volume was never
    /// started.
    func passes(of state: VolumeState?) -> Bool {
        state == .created || !converged && !bricks.contains { $0.phase == .failed }
    }
}
