import GD2Error
import GlusterModel
import Placement
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema
import Transaction
import VolumeOptions

/// From a request to a volume that can be made.
extension VolumeChanges {
    /// The new volume, when it is made or, where `asked` says so, when its job has begun.
    func create(_ request: VolCreateReq, _ asked: Asked) async throws -> Volume {
        let state = try await fresh()
        let volume = try creatable(request, state)
        try await checkGates(volume)
        try await checkReachable(
            Set(volume.topology.allBricks.map(\.peer)), state, "volume \(volume.name) is not made")
        try await create(
            volume, try Self.flags(request.flags, force: request.force), asked, state)
        return volume
    }

    /// What older programs somewhere in the cluster would misread is not written yet.
    func checkGates(_ volume: Volume) async throws {
        if volume.topology.thinArbiter != nil { try await gates.require(.thinArbiter) }
    }

    /// Nothing is begun with a node that is known not to answer: it could neither make its bricks
    /// nor undo them, and the name would stay locked until it is back.
    func checkReachable(
        _ peers: Set<PeerID>, _ state: ClusterState, _ what: String
    ) async throws {
        guard peers != [state.identity?.peer],
            let probed = await local.peers(certainOf: peers)
        else { return }
        let silent = peers.compactMap { peer -> String? in
            // One that was never asked may answer.
            guard let seen = probed[peer], !seen.isReachable, seen.heardAgo != nil else {
                return nil
            }
            return "\(state.peers[peer]?.name ?? "\(peer)") (\(seen.message))"
        }
        guard silent.isEmpty else {
            throw GD2Error(
                .unavailable,
                "\(what): \(silent.sorted().joined(separator: ", ")) "
                    + "does not answer: start it (glustercli peer status), or use other peers")
        }
    }

    /// The volume that `request` asks for; its directories are checked later, by their nodes.
    func creatable(_ request: VolCreateReq, _ state: ClusterState) throws -> Volume {
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
        if let witness = topology.allBricks.compactMap({ state.peers[$0.peer] })
            .first(where: \.isWitness)
        {
            throw GD2Error(
                .invalid,
                "volume \(name) is not made: \(witness.name) is a witness, which has no bricks: "
                    + "use other peers (glustercli peer list)")
        }
        try UserMetadata.check(request.metadata ?? [:])
        var generator = SystemRandomNumberGenerator()
        let id = VolumeID(using: &generator)
        var head = VolumeHead(
            id: id, name: name, state: .created, generation: 1,
            bricksCount: topology.bricks.count, digest: try TopologyDigest.hex(of: topology))
        head.metadata = request.metadata ?? [:]
        var volume = Volume(
            head: head, topology: topology, options: CreateOptions.options(for: topology.layout))
        let values = try Self.checking { () throws(OptionError) in
            try options.current.validate(request.options ?? [:], of: volume)
        }
        volume.options.merge(values) { $1 }
        return volume
    }

    private func create(
        _ volume: Volume, _ flags: BrickFlags, _ asked: Asked, _ state: ClusterState
    ) async throws {
        let peers = Set(volume.topology.allBricks.map(\.peer))
        let stay = try PeerGuard.conditions(for: peers, mirror.view)
        let change = try await locking(volume, "create-volume", asked)
        let record = change.record(.createVolume, .prepareBricks, volume, flags)
        let keys = change.keys
        let path = "/v1/volumes/\(volume.name)"
        var job = change.job
        job.result = path
        let commit = TransactionRunner.Commit(
            begin: try asked.keeping(
                keys, job: asked.job,
                answer: StoredAnswer(
                    status: 201, headers: ["Location": path],
                    json: VolumeShapes(state: state).info(volume))),
            preparation: try Self.generation(of: volume, keys),
            conditions: [
                .createRevision(key: keys.volumeName(volume.name), equals: 0),
                .createRevision(key: keys.volumeHead(volume.id), equals: 0),
            ] + stay,
            operations: [
                .put(
                    key: keys.volumeName(volume.name), value: Array(volume.id.description.utf8)),
                .put(
                    key: keys.volumeOptions(volume.id),
                    value: try RecordCoding.encode(StoredOptions(volume.options))),
                .put(
                    key: keys.volumeHead(volume.id), value: try RecordCoding.encode(volume.head)),
            ],
            release: asked.releasing(keys))
        try await perform(record, job, change.lock, commit, asked)
    }

    /// In as many writes as it takes; no head names it yet, so readers ignore it.
    static func generation(
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

    static func brick(
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

    /// Of other volumes than `own`.
    static func checkOtherVolumes(
        _ topology: Topology, _ state: ClusterState, but own: VolumeID? = nil
    ) throws {
        for volume in state.volumes.values where volume.id != own {
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

    static func flags(_ flags: [String: Bool]?, force: Bool?) throws -> BrickFlags {
        let given = flags ?? [:]
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
            force: force ?? false)
    }
}
