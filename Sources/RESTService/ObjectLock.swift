import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI

/// A held lock: its key and the create revision that every write under it compares.
struct ObjectLock: Sendable {
    var key: String
    var fence: FencingToken

    /// What stands in a lock: who holds it, since when, for what.
    fileprivate struct Holder: Codable {
        var schema = 1
        var session: IncarnationID
        var operation: String
        var since: Date
    }

    /// Holds with every write that only the lock's holder may do.
    var condition: Compare { .createRevision(key: key, equals: fence.token) }

    /// Takes the lock of `object`, or names who has it.
    static func take(
        _ object: String, for operation: String, session: Session.Current,
        identity: StoreIdentity, store: any KeyValueStore
    ) async throws -> ObjectLock {
        let key = identity.keys.lock(object)
        let holder = Holder(session: session.id, operation: operation, since: Date())
        let result = try await store.txn(
            if: [.createRevision(key: key, equals: 0)],
            then: [.put(key: key, value: RecordCoding.encode(holder), lease: session.lease)])
        if result.succeeded {
            let fence = FencingToken(epoch: identity.epoch, token: result.revision)
            return ObjectLock(key: key, fence: fence)
        }
        guard let found = try await store.get(key) else {
            throw GD2Error(.conflict, "\(object) was just locked by another change: try again")
        }
        let other = try RecordCoding.decode(Holder.self, from: found.value)
        if other.session == session.id {
            let fence = FencingToken(epoch: identity.epoch, token: found.createRevision)
            return ObjectLock(key: key, fence: fence, isOurs: true)
        }
        throw other.error(object)
    }

    /// Who holds the lock of `object`; nil when nobody does.
    static func holder(of object: String, store: any KeyValueStore) async throws -> GD2Error? {
        let key = try await store.identity().keys.lock(object)
        guard let found = try await store.get(key) else { return nil }
        return try RecordCoding.decode(Holder.self, from: found.value).error(object)
    }

    /// Whether this session had it already.
    var wasHeld = false

    private init(key: String, fence: FencingToken, isOurs: Bool = false) {
        self.key = key
        self.fence = fence
        wasHeld = isOurs
    }
}

extension ObjectLock.Holder {
    fileprivate func error(_ object: String) -> GD2Error {
        let name = object.split(separator: "/").joined(separator: " ")
        let seconds = max(0, Int(Date().timeIntervalSince(since)))
        return GD2Error(
            .conflict,
            "\(name) is locked by another change (\(operation), since \(seconds) s): try again",
            fields: ["operation": operation, "session": session.description])
    }
}
