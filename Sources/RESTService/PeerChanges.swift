import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror

/// Adds, edits and removes peers: checks what the store's records tell, then asks gd2-store.
struct PeerChanges: Sendable {
    let local: LocalStore
    let volumes: VolumeChanges

    // MARK: Add

    func add(_ request: PeerAddReq) async throws -> Peer {
        let (addresses, metadata) = try await addable(request)
        let id = try await local.calls.addPeer(
            addresses[0], code: request.code ?? "", metadata: metadata)
        if addresses.count > 1 { try await addAddresses(addresses, to: id) }
        // It is in, also when this node's own view is late.
        let hosts = addresses.map(PeerAddress.host)
        return await seen(id) { addresses.count == 1 || $0.addresses == hosts }
            ?? Peer(
                id: id, name: addresses[0], addresses: hosts,
                clientAddresses: [])
    }

    func planAdd(_ request: PeerAddReq) async throws -> DryRunInfo {
        let (addresses, _) = try await addable(request)
        return try await local.plan(
            .addPeer(address: addresses[0], code: request.code ?? ""), .add,
            "peer/\(addresses[0])")
    }

    /// All addresses, one at least, and the metadata, zone included.
    private func addable(
        _ request: PeerAddReq
    ) async throws -> (addresses: [String], metadata: [String: String]) {
        let addresses = request.addresses ?? []
        guard !addresses.isEmpty else {
            throw GD2Error(.invalid, "addresses is empty: give at least one HOST or HOST:PORT")
        }
        for address in addresses { try Self.checkAddress(address) }
        var metadata = request.metadata ?? [:]
        try UserMetadata.check(metadata)
        if let zone = request.zone { metadata[zoneMetadataKey] = try Self.zone(zone) }
        let state = try await volumes.fresh()
        for address in addresses {
            guard let owner = state.peer(named: PeerAddress.host(of: address)) else { continue }
            throw GD2Error(
                .conflict, "address \(address) is peer \(owner.name)'s (\(owner.id)) already")
        }
        return (addresses, metadata)
    }

    private func addAddresses(_ addresses: [String], to id: PeerID) async throws {
        do {
            try await local.calls.editPeer(
                id, name: nil, addresses: addresses.map(PeerAddress.host), metadata: [:],
                removingMetadata: [])
        } catch {
            throw GD2Error(
                error.code,
                "peer \(addresses[0]) is added as \(id), but its other addresses are not kept "
                    + "(\(error.message)): add them with glustercli peer edit \(id) --address …")
        }
    }

    // MARK: Edit

    func edit(_ name: String, _ request: PeerEditReq) async throws -> Peer {
        let (peer, wanted) = try await edited(name, request)
        guard wanted != peer else { return peer }
        let changed = wanted.metadata.filter { peer.metadata[$0.key] != $0.value }
        try await local.calls.editPeer(
            peer.id, name: wanted.name == peer.name ? nil : wanted.name,
            addresses: wanted.addresses == peer.addresses ? nil : wanted.addresses,
            metadata: changed,
            removingMetadata: peer.metadata.keys.filter { wanted.metadata[$0] == nil }.sorted())
        let now = await seen(peer.id) { seen in
            seen.name == wanted.name && seen.addresses == wanted.addresses
                && seen.metadata == wanted.metadata
        }
        return now ?? wanted
    }

    func planEdit(_ name: String, _ request: PeerEditReq) async throws -> DryRunInfo {
        let (peer, wanted) = try await edited(name, request)
        func change(_ what: String, _ from: String?, _ to: String?) -> PendingChange? {
            guard from != to else { return nil }
            let text =
                to.map { "\(what) of peer \(peer.name) would be \($0)" }
                ?? "\(what) of peer \(peer.name) would be taken away"
            return PendingChange(.set, "peer/\(peer.name)", text, from: from, to: to)
        }
        let keys = Set(peer.metadata.keys).union(wanted.metadata.keys).sorted()
        let changes =
            [
                change("name", peer.name, wanted.name),
                change(
                    "addresses", peer.addresses.joined(separator: ", "),
                    wanted.addresses.joined(separator: ", ")),
            ]
            + keys.map { key in
                let what = key == zoneMetadataKey ? "zone" : "metadata \(key)"
                return change(what, peer.metadata[key], wanted.metadata[key])
            }
        return DryRunInfo(changes: changes.compactMap { $0 })
    }

    /// The peer as it is, and as `request` wants it.
    private func edited(
        _ name: String, _ request: PeerEditReq
    ) async throws -> (peer: Peer, wanted: Peer) {
        if let name = request.name { try Self.checkName(name) }
        for address in request.addresses ?? [] { try Self.checkAddress(address) }
        if request.addresses?.isEmpty == true {
            throw GD2Error(.invalid, "a peer needs at least one address")
        }
        try UserMetadata.check(request.metadata ?? [:])
        try UserMetadata.checkKeys(request.removeMetadata ?? [])
        let state = try await volumes.fresh()
        let peer = try Self.peer(name, in: state)
        try Self.checkUnique(request, peer, state)
        var wanted = peer
        wanted.name = request.name ?? peer.name
        wanted.addresses = request.addresses?.map(PeerAddress.host) ?? peer.addresses
        wanted.metadata.merge(request.metadata ?? [:]) { _, new in new }
        if let zone = request.zone { wanted.metadata[zoneMetadataKey] = try Self.zone(zone) }
        for key in request.removeMetadata ?? [] { wanted.metadata[key] = nil }
        try UserMetadata.checkSize(wanted.metadata)
        return (peer, wanted)
    }

    private static func checkUnique(
        _ request: PeerEditReq, _ peer: Peer, _ state: ClusterState
    ) throws(GD2Error) {
        var names = request.addresses?.map(PeerAddress.host) ?? []
        if let name = request.name { names.append(name) }
        for name in names {
            guard let owner = state.peer(named: name), owner.id != peer.id else { continue }
            throw GD2Error(.conflict, "\(name) is peer \(owner.name)'s (\(owner.id)) already")
        }
    }

    // MARK: Remove

    func remove(_ name: String, force: Bool) async throws {
        // Refused at once where it would be anyway.
        _ = try await removable(name)
        let peer = try await PeerGuard.removing(volumes) {
            let peer = try await removable(name)
            _ = try await local.calls.removePeer(peer.id, force: force, isDryRun: false)
            return peer
        }
        _ = try? await local.mirror.first(timeout: Limits.mirrorWait) { view in
            view.identity.map { view.values[$0.keys.peer(peer.id)] == nil } ?? false
        }
    }

    func planRemove(_ name: String, force: Bool) async throws -> DryRunInfo {
        let peer = try await removable(name)
        let said = try await local.calls.removePeer(peer.id, force: force, isDryRun: true)
        return DryRunInfo(
            changes: [
                PendingChange(
                    .delete, "peer/\(peer.name)", "peer \(peer.name) would be removed: \(said)")
            ])
    }

    private func removable(_ name: String) async throws -> Peer {
        let state = try await volumes.fresh()
        let peer = try Self.peer(name, in: state)
        let used = state.volumes.values.filter { volume in
            volume.topology.allBricks.contains { $0.peer == peer.id }
        }
        guard used.isEmpty else {
            let names = used.map(\.name.description).sorted().joined(separator: ", ")
            throw GD2Error(
                .notAllowed,
                "peer \(peer.name) has bricks of \(used.count == 1 ? "volume" : "volumes") "
                    + "\(names): move them to other peers or delete the volumes first")
        }
        _ = try await local.require()
        return peer
    }

    // MARK: What all need

    static func peer(_ name: String, in state: ClusterState) throws(GD2Error) -> Peer {
        if let peer = state.peer(named: name) { return peer }
        throw GD2Error(.notFound, "there is no peer \(name): glustercli peer list shows all")
    }

    /// The peer's record as soon as this node has one that `condition` holds for; nil when that
    /// takes too long.
    private func seen(
        _ id: PeerID, where condition: @escaping @Sendable (Peer) -> Bool
    ) async -> Peer? {
        @Sendable func record(_ view: MirrorView) -> Peer? {
            guard let key = view.identity?.keys.peer(id), let value = view.values[key] else {
                return nil
            }
            return try? RecordCoding.decode(Peer.self, from: value.value)
        }
        let view = try? await local.mirror.first(timeout: Limits.mirrorWait) { view in
            record(view).map(condition) ?? false
        }
        return view.flatMap(record)
    }
}
