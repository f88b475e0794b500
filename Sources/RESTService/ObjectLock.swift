import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI
import Transaction

/// A held lock: its key and the create revision that every write under it compares.
struct ObjectLock: Sendable {
    var key: String
    var fence: FencingToken
    /// Whether this job had it already.
    var wasHeld = false
    /// Nil: it is taken. Else it is taken by the first write under it; its token is 0 until then.
    var taking: Taking?

    /// What goes into a write that takes a lock.
    struct Taking: Sendable {
        var conditions: [Compare]
        var operation: StoreAPI.Operation
        /// Throws when one of the conditions does not hold.
        var check: @Sendable () async throws -> Void
    }

    /// What is wanted to be locked, and what for.
    struct Wish: Sendable {
        /// `volume/<name>` and the like.
        var object: String
        var operation: String
        /// The job that holds it; nobody else may use the lock, not of the same session either.
        /// Nil: what takes it is no job.
        var job: JobID?
        /// Tells what is no job from another one of the same session.
        var attempt: TransactionID?
        /// Holds and is done together with the taking.
        var conditions: [Compare] = []
        var operations: [StoreAPI.Operation] = []
    }

    /// What stands in a lock: who holds it, since when, for what.
    struct Holder: Hashable, Sendable, Codable {
        var schema = 1
        var session: IncarnationID
        var operation: String
        /// By the holder's clock.
        var since: Date
        /// Nil in locks of versions that did not say it.
        var peer: PeerID?
        var job: JobID?
        var attempt: TransactionID?

        func isOf(_ transaction: TransactionID) -> Bool {
            attempt == transaction || job == JobID(high: transaction.high, low: transaction.low)
        }
    }

    /// Holds with every write that only the lock's holder may do, and with that which takes it.
    var condition: Compare { .createRevision(key: key, equals: fence.token) }

    /// It was taken by the write of `revision`.
    mutating func taken(at revision: Int64) {
        guard taking != nil else { return }
        fence = FencingToken(epoch: fence.epoch, token: revision)
        taking = nil
    }

    /// A lock that the first write under it takes, unless somebody has it then.
    static func withFirstWrite(
        _ wish: Wish, session: Session.Current, identity: StoreIdentity,
        check: @escaping @Sendable () async throws -> Void
    ) throws -> ObjectLock {
        let key = identity.keys.lock(wish.object)
        let taking = Taking(
            conditions: wish.conditions,
            operation: try put(key, wish, session: session, identity: identity), check: check)
        return ObjectLock(
            key: key, fence: FencingToken(epoch: identity.epoch, token: 0), taking: taking)
    }

    private static func put(
        _ key: String, _ wish: Wish, session: Session.Current, identity: StoreIdentity
    ) throws -> StoreAPI.Operation {
        let holder = Holder(
            session: session.id, operation: wish.operation, since: Date(), peer: identity.peer,
            job: wish.job, attempt: wish.attempt)
        return .put(key: key, value: try RecordCoding.encode(holder), lease: session.lease)
    }

    /// Takes the lock, or throws who has it. Nil: nobody has it, but the wish's conditions do not
    /// hold.
    static func take(
        _ wish: Wish, session: Session.Current, identity: StoreIdentity, store: any KeyValueStore
    ) async throws -> ObjectLock? {
        let key = identity.keys.lock(wish.object)
        let put = try put(key, wish, session: session, identity: identity)
        let result = try await store.txn(
            if: [.createRevision(key: key, equals: 0)] + wish.conditions,
            then: [put] + wish.operations)
        if result.succeeded {
            let fence = FencingToken(epoch: identity.epoch, token: result.revision)
            return ObjectLock(key: key, fence: fence)
        }
        guard let found = try await store.get(key) else { return nil }
        let other = try RecordCoding.decode(Holder.self, from: found.value)
        if other.session == session.id, other.job == wish.job, other.attempt == wish.attempt {
            let fence = FencingToken(epoch: identity.epoch, token: found.createRevision)
            return ObjectLock(key: key, fence: fence, wasHeld: true)
        }
        throw try await other.error(wish.object, identity, store)
    }

    /// Who holds the lock of `object`; nil when nobody does.
    static func holder(of object: String, store: any KeyValueStore) async throws -> GD2Error? {
        let identity = try await store.identity()
        guard let found = try await store.get(identity.keys.lock(object)) else { return nil }
        return try await RecordCoding.decode(Holder.self, from: found.value)
            .error(object, identity, store)
    }
}

extension ObjectLock.Holder {
    fileprivate func error(
        _ object: String, _ identity: StoreIdentity, _ store: any KeyValueStore
    ) async throws -> GD2Error {
        var name: String?
        if let peer {
            let stored = try await store.get(identity.keys.peer(peer))
            name = try stored.map { try RecordCoding.decode(Peer.self, from: $0.value).name }
        }
        return conflict(object, peerName: name, isOurs: peer == identity.peer, now: Date())
    }

    /// Says who holds the lock of `object`. The age is by two clocks when another node holds it.
    func conflict(_ object: String, peerName: String?, isOurs: Bool, now: Date) -> GD2Error {
        let what = object.split(separator: "/").joined(separator: " ")
        let node = peerName ?? peer?.description
        var details = [operation]
        if let node { details.append("on \(node)") }
        let seconds = Int(now.timeIntervalSince(since))
        if seconds >= 0 {
            details.append("since \(seconds) s\(isOurs ? "" : " by that node's clock")")
        } else {
            details.append("since just now; that node's clock is \(-seconds) s ahead")
        }
        if let job { details.append("job \(job)") }
        var fields = [
            "operation": operation, "session": session.description,
            "since": since.formatted(.iso8601),
        ]
        fields["peer-id"] = peer?.description
        fields["peer"] = peerName
        fields["job"] = job?.description
        let next = job.map { "glustercli job wait \($0)" } ?? "wait for it"
        return GD2Error(
            .conflict,
            "\(what) is locked by another change (\(details.joined(separator: ", "))): "
                + "\(next), then try again", fields: fields)
    }
}
