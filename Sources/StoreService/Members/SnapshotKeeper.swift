import FoundationEssentials
import Logging
import Metrics
import ServiceLifecycle
import StoreAPI

/// Takes snapshots by itself, on every node whose etcd is a member.
struct SnapshotKeeper: Service {
    let node: NodeParts
    let etcd: EtcdConnection
    let folder: SnapshotFolder

    func run() async throws {
        guard node.configuration.snapshotHours > 0 else {
            try? await gracefulShutdown()
            return
        }
        Gauge(label: "gd2_snapshot_seconds").record(folder.newest ?? 0)
        await cancelWhenGracefulShutdown {
            // A new cluster is not long without one.
            var pause = Limits.snapshotFirstLook
            while !Task.isCancelled {
                do { try await Task.sleep(for: pause) } catch { return }
                pause = await look() ? Limits.snapshotLookEvery : Limits.snapshotFirstLook
            }
        }
    }

    /// A learner's etcd gives none.
    private var isLearner: Bool {
        node.peers.members.members.contains { $0.peer == node.own && $0.isLearner }
    }

    /// False when one is due, and the store does not answer yet.
    private func look() async -> Bool {
        guard await node.role.record?.member != nil, !isLearner else { return true }
        let age = Date().timeIntervalSince1970 - Double(folder.newest ?? 0)
        // One from the future is a clock's that was set back since: it is not waited for.
        guard age >= Double(node.configuration.snapshotHours) * 3_600 || age < 0
        else { return true }
        guard node.state.status.available else { return false }
        do {
            let made = try await folder.save(from: etcd, epoch: node.state.identity.epoch)
            node.log.info(
                "snapshot taken",
                metadata: ["snapshot": "\(made.name)", "bytes": "\(made.bytes)"])
            Gauge(label: "gd2_snapshot_seconds").record(made.created)
        } catch {
            node.log.error("snapshot not taken", metadata: ["error": "\(error)"])
        }
        return true
    }
}
