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
    let cluster: ClusterReader
    let session: Session
    let runner: TransactionRunner
    let options: InstalledOptionTable
    let convergence: Duration

    // MARK: Create

    func create(_ request: VolCreateReq) async throws -> Volume {
        let state = try await fresh()
        let name = try Self.checking { () throws(VolumeNameError) in
            try VolumeName(validating: request.name)
        }
        if let transport = request.transport, !transport.isEmpty, transport != "tcp" {
            throw GD2Error(.invalid, "transport \(transport) is not possible: only tcp is")
        }
        if request.size != nil {
            throw GD2Error(.invalid, "volumes by size are not made here: name the bricks")
        }
        guard state.volume(named: name) == nil else {
            throw GD2Error(.conflict, "volume \(name) exists already")
        }
        let topology = try topology(for: request, state)
        var values = CreateOptions.options(for: topology.layout)
        for (key, value) in request.options ?? [:] {
            let (key, value) = try Self.checking { () throws(OptionError) in
                try options.current.validate(key, value)
            }
            values[key] = value
        }
        var generator = SystemRandomNumberGenerator()
        let id = VolumeID(using: &generator)
        var head = VolumeHead(
            id: id, name: name, state: .created, generation: 1,
            bricksCount: topology.bricks.count, digest: try TopologyDigest.hex(of: topology))
        head.metadata = request.metadata ?? [:]
        let volume = Volume(head: head, topology: topology, options: values)
        try await create(volume, try flags(of: request))
        return volume
    }

    private func create(_ volume: Volume, _ flags: BrickFlags) async throws {
        let session = try await session.require()
        let object = "volume/\(volume.name)"
        let lock = try await take(object, "create-volume", session)
        let record = Self.record(
            .createVolume, .prepareBricks, volume, flags, session: session, lock: object,
            fence: lock.fence)
        let keys = try await mirror.identity(of: store).keys
        let commit = TransactionRunner.Commit(
            preparation: try Self.generation(of: volume, keys),
            conditions: [
                .createRevision(key: keys.volumeName(volume.name), equals: 0),
                .createRevision(key: keys.volumeHead(volume.id), equals: 0),
            ],
            operations: [
                .put(
                    key: keys.volumeName(volume.name), value: Array(volume.id.description.utf8)),
                .put(
                    key: keys.volumeOptions(volume.id),
                    value: try RecordCoding.encode(StoredOptions(volume.options))),
                .put(
                    key: keys.volumeHead(volume.id), value: try RecordCoding.encode(volume.head)),
            ])
        let revision = try await runner.perform(record, lock: lock, commit: commit)
        _ = try await mirror.wait(for: revision, timeout: Limits.mirrorWait)
    }

    /// In as many writes as it takes; no head names it yet, so readers ignore it.
    private static func generation(
        of volume: Volume, _ keys: StoreKeys
    ) throws -> [StoreAPI.Operation] {
        let generation = volume.head.generation
        var operations: [StoreAPI.Operation] = [
            .put(
                key: keys.generationLayout(volume.id, generation),
                value: try RecordCoding.encode(StoredLayout(volume.topology)))
        ]
        let bricks = volume.topology.bricks
        let size = StoreAPI.Limits.bricksPerRecord
        for (chunk, start) in stride(from: 0, to: bricks.count, by: size).enumerated() {
            let part = Array(bricks[start..<min(start + size, bricks.count)])
            operations.append(
                .put(
                    key: keys.generationBricks(volume.id, generation, chunk: chunk),
                    value: try RecordCoding.encode(StoredBricks(part))))
        }
        return operations
    }

    private func topology(for request: VolCreateReq, _ state: ClusterState) throws -> Topology {
        let subvolumes = try (request.subvols ?? []).map { subvolume in
            var wish = VolumeWish.Subvolume(
                type: subvolume.type,
                bricks: try subvolume.bricks.map { try Self.brick($0, state) })
            wish.copies = subvolume.replica.flatMap { $0 > 0 ? $0 : nil }
            wish.arbiters = subvolume.arbiter
            wish.disperse = subvolume.disperseCount
            wish.disperseData = subvolume.disperseData
            wish.redundancy = subvolume.disperseRedundancy
            return wish
        }
        var wish = VolumeWish(subvolumes: subvolumes, force: request.force ?? false)
        wish.thinArbiter = try thinArbiter(of: request, state)
        let topology = try Self.checking { () throws(PlacementError) in
            var generator = SystemRandomNumberGenerator()
            return try Placement.topology(for: wish, using: &generator)
        }
        try Self.checkOtherVolumes(topology, state)
        return topology
    }

    /// `HOST:/PATH`; a host that is no peer has its own process, which is not this cluster's.
    private func thinArbiter(
        of request: VolCreateReq, _ state: ClusterState
    ) throws -> VolumeWish.ThinArbiter? {
        guard let text = request.thinArbiter else { return nil }
        guard let separator = text.firstRange(of: ":/"), !text.hasPrefix(":") else {
            throw GD2Error(.invalid, "thin arbiter \"\(text)\" is not of the form HOST:/path")
        }
        let host = String(text[..<separator.lowerBound])
        let path = try Self.checking { () throws(BrickPathError) in
            try BrickPath(validating: "/" + text[separator.upperBound...])
        }
        if let peer = state.peer(named: host) {
            return .peer(VolumeWish.BrickWish(peer: peer.id, path: path))
        }
        return .elsewhere(host: host, path: path)
    }

    private static func brick(
        _ request: BrickReq, _ state: ClusterState
    ) throws -> VolumeWish.BrickWish {
        guard let peer = state.peer(named: request.peerid) else {
            let known = state.peers.values.map(\.name).sorted().joined(separator: ", ")
            throw GD2Error(
                .invalid, "host \(request.peerid) is no peer of this cluster: it has \(known)")
        }
        let path = try checking { () throws(BrickPathError) in
            try BrickPath(validating: request.path)
        }
        return VolumeWish.BrickWish(peer: peer.id, path: path)
    }

    private static func checkOtherVolumes(_ topology: Topology, _ state: ClusterState) throws {
        for volume in state.volumes.values {
            for brick in topology.allBricks {
                let used = volume.topology.allBricks.first { other in
                    other.peer == brick.peer
                        && (other.path.contains(brick.path) || brick.path.contains(other.path))
                }
                guard let used else { continue }
                throw GD2Error(
                    .conflict,
                    "brick \(brick.path) is, contains or lies in brick \(used.path) of volume "
                        + "\(volume.name)")
            }
        }
    }

    private func flags(of request: VolCreateReq) throws -> BrickFlags {
        let given = request.flags ?? [:]
        let known = ["reuse-bricks", "allow-root-dir", "allow-mount-as-brick", "create-brick-dir"]
        if let unknown = given.keys.first(where: { !known.contains($0) }) {
            throw GD2Error(
                .invalid, "flag \(unknown) is none of \(known.joined(separator: ", "))")
        }
        return BrickFlags(
            reuseBricks: given["reuse-bricks"] ?? false,
            allowRootDirectory: given["allow-root-dir"] ?? false,
            allowMountAsBrick: given["allow-mount-as-brick"] ?? false,
            createBrickDirectory: given["create-brick-dir"] ?? false,
            force: request.force ?? false)
    }

    // MARK: Delete

    func delete(_ name: String) async throws {
        let volume = try await volume(name, in: fresh())
        guard volume.head.state != .started else {
            throw GD2Error(
                .conflict,
                "volume \(name) is started: stop it first (glustercli volume stop \(name))")
        }
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

    private static func record(
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

    private func take(
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
        try await setState(name) { head throws(GD2Error) in
            guard head.state != .started || force else {
                throw GD2Error(
                    .conflict,
                    "volume \(name) is started: add force to start bricks that are offline")
            }
            head.state = .started
            if force { head.startRequests += 1 }
        }
    }

    func stop(_ name: String) async throws -> Volume {
        try await setState(name) { head throws(GD2Error) in
            guard head.state == .started else {
                throw GD2Error(.conflict, "volume \(name) is not started")
            }
            head.state = .stopped
        }
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
        do {
            _ = try await mirror.first(timeout: Limits.freshWait) { $0.freshness == .current }
        } catch StoreError.timedOut {
            throw GD2Error(
                .unavailable, "the store takes no changes now: see systemctl status gd2-store")
        }
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
