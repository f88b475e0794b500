import Daemon
import GD2Error
import GlusterModel
import Placement
import RESTAPI
import StoreAPI
import StoreMirror
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
    let convergence: Duration

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

    func delete(_ name: String) async throws {
        let volume = try await deletable(name, fresh())
        let session = try await session.require()
        let object = "volume/\(volume.name)"
        let lock = try await take(object, "delete-volume", session)
        let keys = try await mirror.identity(of: store).keys
        let headKey = keys.volumeHead(volume.id)
        let record = Self.record(
            .deleteVolume, .removeBricks, volume, BrickFlags(), session: session, lock: object,
            fence: lock.fence)
        let known = mirror.view.values[headKey]?.modRevision ?? 0
        let commit = TransactionRunner.Commit(
            conditions: [.modRevision(key: headKey, equals: known)],
            operations: [
                .delete(key: keys.volumeName(volume.name)),
                .deletePrefix(keys.volumes + "\(volume.id)/"),
            ])
        let revision = try await runner.perform(record, lock: lock, commit: commit)
        _ = try await mirror.wait(for: revision, timeout: Limits.mirrorWait)
    }

    static func record(
        _ operation: TransactionRecord.Operation, _ action: Step.Action, _ volume: Volume,
        _ flags: BrickFlags, session: Session.Current, lock: String, fence: FencingToken
    ) -> TransactionRecord {
        let byPeer = Dictionary(grouping: volume.topology.allBricks, by: \.peer)
        let steps = byPeer.keys.sorted().map { peer in
            Step(
                action: action, peer: peer,
                arguments: BrickArguments(
                    volume: volume.id, name: volume.name, bricks: byPeer[peer] ?? [], flags: flags))
        }
        var generator = SystemRandomNumberGenerator()
        return TransactionRecord(
            id: TransactionID(using: &generator), owner: session.id, lock: lock, fence: fence,
            operation: operation, steps: steps)
    }

    func take(
        _ object: String, _ operation: String, _ session: Session.Current
    ) async throws -> ObjectLock {
        let lock = try await ObjectLock.take(
            object, for: operation, session: session,
            identity: try await mirror.identity(of: store), store: store)
        if lock.wasHeld, let held = try await ObjectLock.holder(of: object, store: store) {
            throw held
        }
        return lock
    }

    // MARK: Start and stop

    func start(_ name: String, force: Bool) async throws -> Volume {
        try await setState(name) { head throws(GD2Error) in try Self.start(&head, force: force) }
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

    func stop(_ name: String) async throws -> Volume {
        try await setState(name) { head throws(GD2Error) in try Self.stop(&head) }
    }

    static func stop(_ head: inout VolumeHead) throws(GD2Error) {
        guard head.state == .started else {
            throw GD2Error(.conflict, "volume \(head.name) is not started")
        }
        head.state = .stopped
    }

    /// One small write of the head, then the nodes' reports of having done it.
    private func setState(
        _ name: String, _ change: (inout VolumeHead) throws(GD2Error) -> Void
    ) async throws -> Volume {
        _ = try await session.require()
        for _ in 0..<Limits.storeTries {
            var volume = try await volume(name, in: fresh())
            try change(&volume.head)
            let keys = try await mirror.identity(of: store).keys
            let key = keys.volumeHead(volume.id)
            guard let known = mirror.view.values[key] else { continue }
            let object = "volume/\(volume.name)"
            let lock = keys.lock(object)
            let result = try await store.txn(
                if: [
                    .modRevision(key: key, equals: known.modRevision),
                    .createRevision(key: lock, equals: 0),
                ],
                then: [
                    .put(key: key, value: RecordCoding.encode(volume.head, updating: known.value))
                ])
            if result.succeeded {
                try await waitForNodes(volume, result.revision)
                return volume
            }
            if let held = try await ObjectLock.holder(of: object, store: store) { throw held }
            _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
        }
        throw GD2Error(.conflict, "volume \(name) is being changed by others: try again")
    }

    private func waitForNodes(_ volume: Volume, _ revision: Int64) async throws {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        let view: MirrorView
        do {
            view = try await mirror.first(timeout: convergence) { view in
                peers.allSatisfy { peer in
                    guard let report = Self.report(volume.id, peer, view) else { return false }
                    return report.headRevision >= revision
                        && (report.converged || report.bricks.contains { $0.phase == .failed })
                }
            }
        } catch StoreError.timedOut { view = mirror.view }
        let missing = peers.flatMap { peer in
            Self.missing(volume, peer, Self.report(volume.id, peer, view), revision)
        }
        guard !missing.isEmpty else { return }
        let verb = volume.head.state == .started ? "started" : "stopped"
        throw GD2Error(
            .timedOut,
            "volume \(volume.name) is \(verb), but not everywhere: "
                + missing.sorted().joined(separator: "; "))
    }

    private static func report(
        _ volume: VolumeID, _ peer: PeerID, _ view: MirrorView
    ) -> VolumeReport? {
        guard let key = view.identity?.keys.volumeReport(volume, by: peer),
            let value = view.values[key]
        else { return nil }
        return try? RecordCoding.decode(VolumeReport.self, from: value.value)
    }

    private static func missing(
        _ volume: Volume, _ peer: PeerID, _ report: VolumeReport?, _ revision: Int64
    ) -> [String] {
        guard let report, report.headRevision >= revision else {
            return ["peer \(peer) has not answered: is gd2-brickd up there?"]
        }
        guard !report.converged else { return [] }
        let wanted: BrickReport.Phase = volume.head.state == .started ? .online : .offline
        return report.bricks.filter { $0.phase != wanted }.map { brick in
            let what = brick.index < 0 ? "self-heal daemon" : "brick \(brick.path)"
            let why = brick.message.isEmpty ? "" : " (\(brick.message))"
            return "\(what) is \(brick.phase.rawValue)\(why)"
        }
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
