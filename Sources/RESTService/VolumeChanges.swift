import Daemon
import GD2Error
import GlusterModel
import Placement
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema
import Transaction
import VolumeOptions

/// Changes of volumes: create, delete, start, stop. Everything is validated before anything is
/// changed.
struct VolumeChanges: Sendable {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let local: LocalStore
    let cluster: ClusterReader
    let session: Session
    let runner: TransactionRunner
    let options: InstalledOptionTable
    let jobs: JobKeeper
    let gates: FeatureGates

    // MARK: Delete

    func deletable(_ name: String, _ state: ClusterState) throws -> Volume {
        let volume = try volume(name, in: state)
        guard volume.head.state != .started else {
            throw GD2Error(
                .conflict,
                "volume \(name) is started: stop it first (glustercli volume stop \(name))")
        }
        return volume
    }

    func delete(_ name: String, _ asked: Asked) async throws {
        let volume = try await deletable(name, fresh())
        let change = try await locking(volume, "delete-volume", asked)
        let keys = change.keys
        let headKey = keys.volumeHead(volume.id)
        let record = change.record(.deleteVolume, .removeBricks, volume, BrickFlags())
        let known = mirror.view.values[headKey]?.modRevision ?? 0
        let commit = TransactionRunner.Commit(
            begin: try asked.keeping(keys, job: asked.job, answer: try StoredAnswer(status: 204)),
            conditions: [.modRevision(key: headKey, equals: known)],
            operations: [
                .delete(key: keys.volumeName(volume.name)),
                .deletePrefix(keys.volumes + "\(volume.id)/"),
            ],
            release: asked.releasing(keys))
        try await perform(record, change.job, change.lock, commit, asked)
    }

    // MARK: Transactions

    /// What a transaction begins with.
    struct Locked {
        var lock: ObjectLock
        var job: JobRecord
        var keys: StoreKeys

        func record(
            _ operation: TransactionRecord.Operation, _ action: Step.Action, _ volume: Volume,
            _ flags: BrickFlags
        ) -> TransactionRecord {
            let byPeer = Dictionary(grouping: volume.topology.allBricks, by: \.peer)
            let steps = byPeer.keys.sorted().map { peer in
                Step(
                    action: action, peer: peer,
                    arguments: BrickArguments(
                        volume: volume.id, name: volume.name, bricks: byPeer[peer] ?? [],
                        flags: flags))
            }
            return TransactionRecord(
                id: TransactionID(high: job.id.high, low: job.id.low), owner: job.owner,
                lock: job.object, fence: lock.fence, operation: operation, steps: steps)
        }
    }

    /// Takes the volume's lock with the first write of its transaction or, while there are older
    /// nodes, before it.
    func locking(_ volume: Volume, _ operation: String, _ asked: Asked) async throws -> Locked {
        let view = mirror.view
        guard let keys = view.identity?.keys,
            gates.isOpen(.jointLock, at: view.values[keys.schemaVersion])
        else { return try await locked(volume, operation, asked) }
        let (session, job, identity) = try await begin(volume, operation, asked)
        let wish = ObjectLock.Wish(
            object: job.object, operation: operation, job: job.id,
            conditions: asked.conditions(identity.keys))
        let lock = try ObjectLock.withFirstWrite(
            wish, session: session, identity: identity,
            check: { [store] in try await asked.checkUnused(identity.keys, store) })
        return Locked(lock: lock, job: job, keys: identity.keys)
    }

    private func begin(
        _ volume: Volume, _ operation: String, _ asked: Asked
    ) async throws -> (Session.Current, JobRecord, StoreIdentity) {
        let session = try await session.require()
        let job = try await jobs.job(operation, volume.name, asked, session)
        if let other = runner.unfinished(on: job.object) {
            throw try await ObjectLock.holder(of: job.object, store: store) ?? other
        }
        return (session, job, try await mirror.identity(of: store))
    }

    /// Takes the volume's lock, and the request's key with it.
    func locked(_ volume: Volume, _ operation: String, _ asked: Asked) async throws -> Locked {
        let (session, job, identity) = try await begin(volume, operation, asked)
        let keys = identity.keys
        let wish = ObjectLock.Wish(
            object: job.object, operation: operation, job: job.id,
            conditions: asked.conditions(keys),
            operations: try asked.reserving(keys, lease: session.lease))
        do {
            if let lock = try await ObjectLock.take(
                wish, session: session, identity: identity, store: store)
            {
                return Locked(lock: lock, job: job, keys: keys)
            }
        } catch StoreError.timedOut {
            runner.abandon(
                AbandonedLock(
                    lock: nil, object: job.object,
                    transaction: TransactionID(high: job.id.high, low: job.id.low),
                    release: asked.releasing(keys)))
            throw StoreError.timedOut
        }
        try await asked.checkUnused(keys, store)
        throw GD2Error(
            .conflict, "volume \(volume.name) was just locked by another change: try again")
    }

    func perform(
        _ record: TransactionRecord, _ job: JobRecord, _ lock: ObjectLock,
        _ commit: TransactionRunner.Commit, _ asked: Asked
    ) async throws {
        jobs.noteBegun()
        let revision = try await runner.perform(
            record, job, lock: lock, commit: commit, until: asked.isAsync ? .begun : .ended)
        _ = try await mirror.wait(for: revision, timeout: Limits.mirrorWait)
    }

    // MARK: Start and stop

    /// A volume that was started or stopped, and the nodes that do not answer and follow later.
    struct Changed {
        var volume: Volume
        var silent: [String] = []
    }

    func start(_ name: String, force: Bool, _ asked: Asked) async throws -> Changed {
        try await setState(name, "start-volume", asked) { head throws(GD2Error) in
            try Self.start(&head, force: force)
        }
    }

    static func start(_ head: inout VolumeHead, force: Bool) throws(GD2Error) {
        guard head.state != .started || force else {
            throw GD2Error(
                .conflict,
                "volume \(head.name) is started: add force to start bricks that are offline")
        }
        head.state = .started
        if force { head.startRequests += 1 }
    }

    func stop(_ name: String, _ asked: Asked) async throws -> Changed {
        try await setState(name, "stop-volume", asked) { head throws(GD2Error) in
            try Self.stop(&head)
        }
    }

    static func stop(_ head: inout VolumeHead) throws(GD2Error) {
        guard head.state == .started else {
            throw GD2Error(.conflict, "volume \(head.name) is not started")
        }
        head.state = .stopped
    }

    /// One small write of the head and of the job, then the nodes' reports of having done it.
    private func setState(
        _ name: String, _ operation: String, _ asked: Asked,
        _ change: (inout VolumeHead) throws(GD2Error) -> Void
    ) async throws -> Changed {
        for _ in 0..<Limits.storeTries {
            let state = try await fresh()
            let session = try await session.require()
            var volume = try volume(name, in: state)
            try change(&volume.head)
            let keys = try await mirror.identity(of: store).keys
            let key = keys.volumeHead(volume.id)
            guard let known = mirror.view.values[key] else { continue }
            var job = try await jobs.job(operation, volume.name, asked, session)
            job.waitsFor = volume.id
            job.isCommitted = true
            let value = try RecordCoding.encode(volume.head, updating: known.value)
            let result = try await local.write(
                value, at: key,
                if: [
                    .modRevision(key: key, equals: known.modRevision),
                    .createRevision(key: keys.lock(job.object), equals: 0),
                ] + asked.conditions(keys),
                then: [
                    .put(key: key, value: value),
                    .put(key: keys.job(job.id), value: RecordCoding.encode(job)),
                ]
                    + asked.keeping(
                        keys, job: job.id,
                        answer: StoredAnswer(
                            status: 200, json: VolumeShapes(state: state).info(volume))))
            if result.succeeded {
                let silent = try await wait(volume, result.revision, asked)
                return Changed(volume: volume, silent: silent)
            }
            if let held = try await ObjectLock.holder(of: job.object, store: store) { throw held }
            try await asked.checkUnused(keys, store)
            _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
        }
        throw GD2Error(.conflict, "volume \(name) is being changed by others: try again")
    }

    /// For the nodes or, where `asked` says so, until this node sees the job.
    private func wait(
        _ volume: Volume, _ revision: Int64, _ asked: Asked
    ) async throws -> [String] {
        let results = jobs.begin(asked.job, NodeWait(volume: volume, revision: revision))
        guard !asked.isAsync else {
            _ = try await mirror.wait(for: revision, timeout: Limits.mirrorWait)
            return []
        }
        for await result in results { return try result.get() }
        throw GD2Error(
            .unavailable,
            "gd2-rest is stopping; the nodes go on: "
                + "glustercli job wait \(asked.job)", fields: ["job": asked.job.description])
    }

    // MARK: What all need

    /// The state that a change is made from: never one of before the last restart, or of before the
    /// store was lost.
    func fresh() async throws -> ClusterState {
        try await local.requireWritable()
        return try current()
    }

    /// The newest state; throws while the store was never reached.
    func current() throws -> ClusterState {
        let state = cluster.current
        guard state.identity != nil else {
            throw GD2Error(
                .unavailable, "the store was never reached: see systemctl status gd2-store gd2-etcd"
            )
        }
        guard state.selfPeer != nil else {
            throw GD2Error(
                .unavailable, "this node is not registered yet: see systemctl status gd2-store")
        }
        return state
    }

    func volume(_ name: String, in state: ClusterState) throws -> Volume {
        if let volume = state.volume(named: name) { return volume }
        if let id = VolumeID(name), let volume = state.volumes[id] { return volume }
        throw GD2Error(.notFound, "there is no volume \(name): glustercli volume list shows all")
    }

    /// A refused input is the request's fault.
    static func checking<Value, Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> Value
    ) throws(GD2Error) -> Value {
        do { return try body() } catch { throw GD2Error(.invalid, error.description) }
    }
}

extension ClusterState {
    /// By id, name or address; `localhost` is this node.
    func peer(named text: String) -> Peer? {
        if let id = PeerID(text) { return peers[id] }
        if ["localhost", "127.0.0.1", "::1"].contains(text) { return selfPeer }
        return peers.values.first { $0.name == text || $0.addresses.contains(text) }
    }
}
