import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema

/// How the cluster is, from what could be learned in the time of a read; nil is what could not.
struct ClusterSummary {
    var identity: StoreIdentity
    var view: MirrorView
    var state: ClusterState
    var probed: [PeerID: PeerState]?
    var members: StoreMembers?
    var store: StoreStatus?
    var snapshots: [StoreSnapshot]?
    var authorities: StoreAuthorities?
    var build: SuiteBuild
    /// Seconds since 1970.
    var now: Int64

    var info: ClusterInfo {
        let own = state.peers[identity.peer]
        var info = ClusterInfo(
            id: identity.cluster.description, epoch: identity.epoch.number,
            node: .init(id: identity.peer.description, name: own?.name ?? ""))
        let shapes = PeerShapes(state: state, view: view, probed: probed)
        info.peersTotal = max(state.peers.count, 1)
        info.peersUp = max(state.peers.values.count(where: shapes.isUp), 1)
        info.external = members?.external.map(ExternalStoreInfo.init)
        info.quorum = info.external == nil ? quorum : nil
        let isShort = info.quorum.map { $0.votersUp < $0.votersNeeded } ?? false
        // A view that is current has come from a store that has its quorum.
        info.isWritable =
            store?.available == true && (!isShort || view.freshness == .current)
        info.store = store.map(\.message) ?? "gd2-store does not answer"
        // Of the only voter gd2-store knows more.
        let isAlone = store?.available == false && info.quorum?.voters.count == 1
        if isShort, !info.isWritable, !isAlone { info.store = "too few voters answer" }
        info.plan = members.flatMap { $0.plan.isEmpty ? nil : $0.plan }
        info.exchange = authorities?.exchange.map(AuthorityExchangeInfo.init).flatMap { exchange in
            exchange.isRunning ? exchange : nil
        }
        info.removedHolders = authorities.flatMap(RemovedHolderInfo.all)
        info.snapshot = newest.map(SnapshotInfo.init)
        info.schema = SchemaSummary(view: view, state: state, build: build).info
        info.warnings = warnings(info)
        info.isDegraded = !info.warnings.isEmpty
        return info
    }

    private func name(_ peer: PeerID) -> String { state.peers[peer]?.name ?? "\(peer)" }

    private var quorum: ClusterInfo.Quorum? {
        let voters: [(name: String, isUp: Bool)]
        if let members, !members.members.isEmpty {
            voters = members.members.filter { !$0.isLearner }.map { member in
                (member.peer.map(name) ?? "member \(member.id)", member.isHealthy)
            }
        } else if let probed {
            voters = probed.values.filter { $0.role == .voter }.map { peer in
                (name(peer.peer), peer.isReachable || peer.peer == identity.peer)
            }
        } else {
            return nil
        }
        guard !voters.isEmpty else { return nil }
        return ClusterInfo.Quorum(
            voters: voters.map(\.name).sorted(), votersUp: voters.count(where: \.isUp),
            votersNeeded: voters.count / 2 + 1, votersWanted: members?.votersWanted)
    }

    private var newest: StoreSnapshot? {
        snapshots?.filter { !$0.isDamaged }.max { $0.created < $1.created }
    }

    // MARK: Warnings

    private func warnings(_ info: ClusterInfo) -> [String] {
        // Of an external etcd others take snapshots.
        storeWarnings(info) + endpointWarnings(info) + SchemaSummary.warnings(info.schema)
            + peerWarnings + (info.external == nil ? snapshotWarnings : []) + authorityWarnings
    }

    private func storeWarnings(_ info: ClusterInfo) -> [String] {
        var warnings: [String] = []
        let isShort = info.quorum.map { $0.votersUp < $0.votersNeeded } ?? false
        if !info.isWritable, !isShort {
            warnings.append("the store takes no changes: \(info.store)")
        }
        // What is known of the voters may be behind: a store that can be written has its quorum.
        if let quorum = info.quorum, quorum.votersUp < quorum.voters.count,
            !isShort || !info.isWritable
        {
            let spare = quorum.votersUp - quorum.votersNeeded
            let meaning =
                spare < 0
                ? "nothing can be changed"
                : spare == 0
                    ? "one more that fails stops all changes"
                    : "\(spare) more may fail before changes stop"
            warnings.append(
                quorum.voters.count == 1
                    ? "the store's only voter, \(quorum.voters[0]), does not answer: \(meaning)"
                    : "\(quorum.votersUp) of \(quorum.voters.count) voters of the store answer "
                        + "and \(quorum.votersNeeded) are needed: \(meaning)")
        }
        if store?.spaceAlarm == true {
            warnings.append("the store is full: see docs/operators/gd2-store.md")
        }
        return warnings
    }

    private func endpointWarnings(_ info: ClusterInfo) -> [String] {
        // Where nothing can be changed, the reason for it names them.
        guard let external = info.external, info.isWritable else { return [] }
        return external.endpoints.filter { $0.healthy == false }.map { endpoint in
            "endpoint \(endpoint.url) of the external etcd is not well"
                + (endpoint.message.map { ": \($0)" } ?? "")
        }
    }

    private var peerWarnings: [String] {
        let shapes = PeerShapes(state: state, view: view, probed: probed)
        let peers = state.peers.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        return peers.flatMap { peer -> [String] in
            let probe = probed?[peer.id]
            guard shapes.isUp(peer) else {
                let since = probe?.heardAgo.map { " since \($0.components.seconds) s" } ?? ""
                let why = probe.map(\.message).flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
                return ["peer \(peer.name) does not answer\(since)\(why)"]
            }
            guard let skew = probe?.clockSkew else { return [] }
            let size = skew < .zero ? .zero - skew : skew
            guard size > Limits.skewWarning else { return [] }
            let tenths = Int(size / .milliseconds(100))
            return [
                "the clock of peer \(peer.name) is \(tenths / 10).\(tenths % 10) s "
                    + "\(skew < .zero ? "behind" : "ahead of") that of \(name(identity.peer)): "
                    + "make them keep time (chrony, systemd-timesyncd)"
            ]
        }
    }

    /// No certificate outlives its authority.
    private var authorityWarnings: [String] {
        (authorities?.authorities ?? []).filter(\.signs).compactMap { authority in
            let days = (authority.expires - now) / 86_400
            guard days < Limits.authorityEndDays else { return nil }
            return "the authority for \(authority.use.rawValue) ends in \(days) days: "
                + "glustercli cluster authority exchange replaces it"
        }
    }

    private var snapshotWarnings: [String] {
        guard let snapshots else { return [] }
        let damaged = snapshots.filter(\.isDamaged).map {
            "snapshot \($0.name) is damaged: \($0.message)"
        }
        guard let newest else { return damaged }
        let hours = (now - newest.created) / 3_600
        guard hours >= Limits.snapshotOldHours else { return damaged }
        return damaged + [
            "the newest snapshot on this node is \(hours) h old: glustercli cluster snapshot save "
                + "takes one"
        ]
    }
}
