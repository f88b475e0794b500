import GD2Error
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Synchronization

/// This run's lease in the store: what its locks hang on. A lost one is replaced by another session
/// with another id, so that nothing done under the old one can be mistaken.
final class Session: Service {
    struct Current: Sendable {
        var id: IncarnationID
        var lease: Int64
    }

    /// What stands at `sessions/<id>`.
    private struct Stored: Codable {
        var schema = 1
        /// The node that it is of.
        var peer: PeerID
    }

    private let store: any KeyValueStore
    private let mirror: StoreMirror
    private let log: Logger
    private let current = Mutex<Current?>(nil)
    private let wasHeld = Atomic(false)

    init(store: any KeyValueStore, mirror: StoreMirror, log: Logger) {
        self.store = store
        self.mirror = mirror
        self.log = log
    }

    /// Throws while there is none: without the store nothing can be changed. The first one after
    /// the start is waited for a little, and so is another one while the store answers.
    func require() async throws(GD2Error) -> Current {
        for _ in 0..<Limits.sessionPolls {
            if let session = now { return session }
            if wasHeld.load(ordering: .relaxed), mirror.view.freshness != .current { break }
            try? await Task.sleep(for: .milliseconds(Limits.sessionPollMs))
        }
        throw GD2Error(
            .unavailable,
            "the store takes no changes now: this node's lease in it is lost, and is asked for "
                + "again each moment (see glustercli cluster status)")
    }

    /// The session that is held now.
    var now: Current? { current.withLock { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await self.hold() } catch {
                    self.log.debug("no session", metadata: ["error": "\(error)"])
                }
                self.current.withLock { $0 = nil }
                do { try await Task.sleep(for: .milliseconds(Limits.sessionRetryMs)) } catch {
                    return
                }
            }
        }
    }

    private func hold() async throws {
        let identity = try await store.identity()
        let lease = try await store.grantLease(ttl: Limits.sessionTTL)
        var generator = SystemRandomNumberGenerator()
        let id = IncarnationID(using: &generator)
        let key = identity.keys.session(id)
        _ = try await store.txn(
            if: [.createRevision(key: key, equals: 0)],
            then: [
                .put(
                    key: key, value: try RecordCoding.encode(Stored(peer: identity.peer)),
                    lease: lease)
            ])
        current.withLock { $0 = Current(id: id, lease: lease) }
        wasHeld.store(true, ordering: .relaxed)
        log.info("session", metadata: ["session": "\(id)"])
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.store.keepAlive(lease: lease) }
            group.addTask { await self.leaving(identity.cluster) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Returns when this node has come into another cluster, whose store does not know the lease.
    private func leaving(_ cluster: ClusterID) async {
        var wasSeen = false
        for await view in mirror.changes() {
            let isHere = view.identity?.cluster == cluster
            if wasSeen, !isHere { return }
            wasSeen = isHere
        }
    }
}
