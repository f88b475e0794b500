import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror

/// Peers in GD2's shape, with what gd2-store's probes and the store's leases say of them.
struct PeerShapes {
    let state: ClusterState
    let view: MirrorView
    /// Nil: gd2-store did not answer, so the leases alone say who is up.
    let probed: [PeerID: PeerState]?
    private let left: LeftToClean
    private let fences: Fences

    init(state: ClusterState, view: MirrorView, probed: [PeerID: PeerState]?) {
        self.state = state
        self.view = view
        self.probed = probed
        left = LeftToClean(view)
        fences = Fences(view)
    }

    func info(_ peer: Peer) -> PeerInfo {
        let probe = probed?[peer.id]
        var info = PeerInfo(
            id: peer.id.description, name: peer.name,
            peerAddresses: peer.addresses.map(Self.withPort),
            clientAddresses: peer.clientAddresses, online: isUp(peer), metadata: peer.metadata)
        // GD2 gives a peer without one its own id.
        info.zone = peer.metadata[zoneMetadataKey] ?? peer.id.description
        if isSelf(peer) { info.isSelf = true }
        let left = left.of(peer.id)
        if !left.isEmpty { info.leftToClean = left }
        let fences = fences.of(peer.id)
        if !fences.isEmpty { info.fences = fences }
        guard let probe else { return info }
        info.role = probe.role.rawValue
        info.reachable = probe.isReachable || isSelf(peer)
        info.heardSecondsAgo = probe.heardAgo.map(\.components.seconds)
        if probe.heardAgo != nil || isSelf(peer) {
            info.clockSkewMs = Int64(probe.clockSkew / .milliseconds(1))
        }
        if !probe.message.isEmpty { info.message = probe.message }
        if !probe.version.isEmpty { info.version = probe.version }
        return info
    }

    /// This node answers, so it is up, whatever the store's lease says while etcd is away.
    func isUp(_ peer: Peer) -> Bool {
        if isSelf(peer) { return true }
        if let probe = probed?[peer.id] { return probe.isReachable }
        return view.identity.map { view.values[$0.keys.alive(peer.id)] != nil } ?? false
    }

    private func isSelf(_ peer: Peer) -> Bool { peer.id == view.identity?.peer }

    private static func withPort(_ address: String) -> String {
        address.contains(":") ? "[\(address)]:24008" : "\(address):24008"
    }
}

extension Peer {
    /// GD2's filter of lists: a metadata key, a value, or the pair of both.
    func matches(key: String?, value: String?) -> Bool {
        switch (key, value) {
        case (nil, nil): true
        case (let key?, nil): metadata[key] != nil
        case (nil, let value?): metadata.values.contains(value)
        case (let key?, let value?): metadata[key] == value
        }
    }
}
