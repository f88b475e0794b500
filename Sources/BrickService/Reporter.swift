import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Synchronization

/// Writes what this node says of its volumes to `reported/<peer>/volumes/…`, when it differs from
/// what stands there.
struct Reporter: Service {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let supervisor: Supervisor
    let log: Logger

    /// The last encoding of each report, since most stay as they are.
    private final class Encoded: Sendable {
        let known = Mutex<[VolumeID: (report: VolumeReport, bytes: [UInt8])]>([:])
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
            for await _ in await supervisor.changes() {
                await write()
                do { try await Task.sleep(for: .milliseconds(Limits.reportPauseMs)) } catch {
                    return
                }
            }
        }
    }

    /// Tries again until everything is written.
    private func write() async {
        while !Task.isCancelled {
            let reports = await supervisor.reports
            do {
                guard let identity = mirror.view.identity else { return }
                let operations = try operations(reports, identity)
                for start in stride(from: 0, to: operations.count, by: Limits.reportsAtOnce) {
                    let end = min(start + Limits.reportsAtOnce, operations.count)
                    let result = try await store.txn(if: [], then: Array(operations[start..<end]))
                    // What was written is compared with next time.
                    _ = try? await mirror.wait(for: result.revision, timeout: .seconds(1))
                }
                return
            } catch {
                log.debug("report not written", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: .milliseconds(Limits.reportRetryMs)) } catch { return }
        }
    }

    private func operations(
        _ reports: [VolumeID: VolumeReport], _ identity: StoreIdentity
    ) throws -> [StoreAPI.Operation] {
        let keys = identity.keys
        let view = mirror.view
        var operations: [StoreAPI.Operation] = []
        for (volume, report) in reports {
            let key = keys.volumeReport(volume, by: identity.peer)
            let bytes = try encoded.known.withLock { known in
                if let last = known[volume], last.report == report { return last.bytes }
                let bytes = try RecordCoding.encode(report)
                known[volume] = (report, bytes)
                return bytes
            }
            if view.values[key]?.value != bytes { operations.append(.put(key: key, value: bytes)) }
        }
        encoded.known.withLock { $0 = $0.filter { reports[$0.key] != nil } }
        let prefix = keys.reported(by: identity.peer) + "volumes/"
        for key in view.values.keys where key.hasPrefix(prefix) {
            let volume = VolumeID(String(key.dropFirst(prefix.count)))
            if volume.flatMap({ reports[$0] }) == nil { operations.append(.delete(key: key)) }
        }
        return operations
    }
}
