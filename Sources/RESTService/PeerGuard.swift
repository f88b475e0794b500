import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror
import Transaction

/// Keeps a peer from being removed while bricks are put on it: who removes one holds a lock, and
/// looks for bricks when it has it; who puts bricks somewhere commits only while nobody holds it
/// and the peers are those that were looked at.
enum PeerGuard {
    static let object = "peers"
    /// etcd compares no more than 128 keys in one Txn; the volume's own are some of them.
    private static let peersMax = 100

    /// What has to hold when bricks on `peers` are committed.
    static func conditions(for peers: Set<PeerID>, _ view: MirrorView) throws -> [Compare] {
        guard let keys = view.identity?.keys else { return [] }
        let records = try peers.sorted().prefix(peersMax).map { peer in
            let key = keys.peer(peer)
            guard let record = view.values[key] else {
                throw GD2Error(.conflict, "peer \(peer) was just removed: try again")
            }
            return Compare.createRevision(key: key, equals: record.createRevision)
        }
        return [.createRevision(key: keys.lock(object), equals: 0)] + records
    }

    /// Runs `body` while no bricks can be put on any peer, with a view that has all that were.
    static func removing<Value>(
        _ changes: VolumeChanges, _ body: () async throws -> Value
    ) async throws -> Value {
        let lock = try await lock(changes)
        let result: Result<Value, any Error>
        do {
            _ = try await changes.mirror.wait(
                for: lock.fence.token, timeout: Limits.mirrorWait)
            result = .success(try await body())
        } catch { result = .failure(error) }
        await release(lock, changes.store)
        return try result.get()
    }

    private static func lock(_ changes: VolumeChanges) async throws -> ObjectLock {
        let session = try await changes.session.require()
        var generator = SystemRandomNumberGenerator()
        let attempt = TransactionID(using: &generator)
        let wish = ObjectLock.Wish(
            object: object, operation: "remove-peer", job: nil, attempt: attempt)
        do {
            let lock = try await ObjectLock.take(
                wish, session: session,
                identity: try await changes.mirror.identity(of: changes.store),
                store: changes.store)
            if let lock { return lock }
        } catch StoreError.timedOut {
            changes.runner.abandon(
                AbandonedLock(lock: nil, object: object, transaction: attempt, release: []))
            throw StoreError.timedOut
        }
        throw GD2Error(.conflict, "another peer was just removed: try again")
    }

    /// Else it would stay for as long as this gd2-rest runs.
    private static func release(_ lock: ObjectLock, _ store: any KeyValueStore) async {
        for _ in 0..<Limits.storeTries {
            let released = try? await store.txn(
                if: [lock.condition], then: [.delete(key: lock.key)])
            if released != nil { return }
            try? await Task.sleep(for: .milliseconds(Limits.stepRetryMs))
        }
    }
}
