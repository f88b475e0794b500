import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Synchronization

/// Writes what this node says of its volumes to `reported/<peer>/volumes/…`, when it differs from
/// what stands there. Somebody waits for what is as it should be or has failed: that is written at
/// once. What passes (a brick that starts, the report of a volume that is gone) is written when it
/// stays for a while: each write is a commit of the store's and goes to every node.
struct Reporter: Service {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let supervisor: Supervisor
    let log: Logger

    /// The last encoding of each report, since most stay as they are.
    private final class Encoded: Sendable {
        struct Entry {
            var identity: StoreIdentity
            var key: String
            var report: VolumeReport
            var bytes: [UInt8]
        }

        let known = Mutex<[VolumeID: Entry]>([:])
    }

    private let encoded = Encoded()

    init(
        store: any KeyValueStore, mirror: StoreMirror, supervisor: Supervisor, log: Logger
    ) {
        self.store = store
        self.mirror = mirror
        self.supervisor = supervisor
        self.log = log
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let (wakes, waker) = AsyncStream.makeStream(
                of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                group.addTask { for await _ in await supervisor.changes() { waker.yield() } }
                var passingSince: ContinuousClock.Instant?
                for await _ in wakes {
                    let isDue = passingSince.map { .now - $0 >= Limits.reportPassing } ?? false
                    let done = await write(whatPasses: isDue)
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
    private func write(whatPasses: Bool) async -> (hasWritten: Bool, isComplete: Bool) {
        while !Task.isCancelled {
            let reports = await supervisor.reports
            do {
                guard let identity = mirror.view.identity else { return (false, true) }
                let changes = try operations(reports, identity)
                let operations = changes.filter { whatPasses || !$0.passes }.map(\.operation)
                for start in stride(from: 0, to: operations.count, by: Limits.reportsAtOnce) {
                    let end = min(start + Limits.reportsAtOnce, operations.count)
                    let result = try await store.txn(if: [], then: Array(operations[start..<end]))
                    // What was written is compared with next time.
                    _ = try? await mirror.wait(for: result.revision, timeout: .seconds(1))
                }
                return (!operations.isEmpty, operations.count == changes.count)
            } catch {
                log.debug("report not written", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: .milliseconds(Limits.reportRetryMs)) } catch { break }
        }
        return (false, true)
    }

    private func operations(
        _ reports: [VolumeID: VolumeReport], _ identity: StoreIdentity
    ) throws -> [(operation: StoreAPI.Operation, passes: Bool)] {
        let keys = identity.keys
        let view = mirror.view
        var operations: [(operation: StoreAPI.Operation, passes: Bool)] = []
        for (volume, report) in reports {
            let entry = try encoded.known.withLock { known in
                if let last = known[volume], last.report == report, last.identity == identity {
                    return last
                }
                let entry = Encoded.Entry(
                    identity: identity, key: keys.volumeReport(volume, by: identity.peer),
                    report: report,
                    bytes: try RecordCoding.encode(report))
                known[volume] = entry
                return entry
            }
            if view.values[entry.key]?.value != entry.bytes {
                operations.append((.put(key: entry.key, value: entry.bytes), report.passes))
            }
        }
        encoded.known.withLock { $0 = $0.filter { reports[$0.key] != nil } }
        let prefix = Array((keys.reported(by: identity.peer) + "volumes/").utf8)
        for key in view.values.keys where key.utf8.starts(with: prefix) {
            let volume = VolumeID(String(key.dropFirst(prefix.count)))
            if volume.flatMap({ reports[$0] }) == nil {
                operations.append((.delete(key: key), true))
            }
        }
        return operations
    }
}

extension VolumeReport {
    /// Whether nobody waits for it: something else follows by itself.
    var passes: Bool { !converged && !bricks.contains { $0.phase == .failed } }
}
