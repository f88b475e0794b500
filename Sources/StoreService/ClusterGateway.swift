import BrickAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import GlusterModel
import LocalGRPC
import StoreAPI
import SwiftProtobuf

/// What an operator asks and changes of the cluster; for root and gd2-rest. One method is for
/// gd2-pmap too.
struct ClusterGateway: Gd2_Store_V1_Cluster.SimpleServiceProtocol {
    let node: NodeParts
    let liveness: Liveness
    let changes: PeerChanges
    let joins: Joins
    let etcd: EtcdConnection
    let reports: NodeReports
    let external: ExternalEtcd?
    let snapshots: SnapshotFolder
    let recovery: Recovery
    let authorities: AuthorityChanges
    let bricks: BrickRelay

    private func check(_ context: ServerContext) throws {
        let programs = context.localCaller.programs
        guard programs.isDisjoint(with: ["admin", "gd2-rest"]) else { return }
        let who = programs.sorted().joined(separator: ", ")
        throw GD2Error(.notAllowed, "\(who) may not ask about the cluster")
    }

    // MARK: Peers

    func peers(
        request: Gd2_Store_V1_PeersRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_PeersReply {
        try check(context)
        let now = ContinuousClock.now
        let members = node.peers.members.members
        let states = node.peers.peers.values.map { peer -> PeerState in
            let member = members.first { $0.peer == peer.id }
            let role: PeerState.Role =
                node.isExternal
                ? .client : member.map { $0.isLearner ? .learner : .voter } ?? .client
            guard peer.id != node.own else {
                return PeerState(
                    peer: peer.id, isReachable: true, role: role, heardAgo: .zero,
                    version: node.schema.version)
            }
            let seen = liveness.of(peer.id)
            return PeerState(
                peer: peer.id, isReachable: seen.isReachable, role: role,
                clockSkew: seen.clockSkew, heardAgo: seen.heard.map { now - $0 },
                roundTrip: seen.roundTrip, message: seen.message, version: seen.version)
        }
        return .with { $0.peers = states.map(Gd2_Store_V1_PeerState.init) }
    }

    func addPeer(
        request: Gd2_Store_V1_AddPeerRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_AddPeerReply {
        try check(context)
        let peer = try await changes.add(
            request.address, code: request.code, metadata: request.metadata)
        return .with { $0.peerID = peer.description }
    }

    func removePeer(
        request: Gd2_Store_V1_RemovePeerRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_RemovePeerReply {
        try check(context)
        let text = try await changes.remove(
            Self.peer(request.peerID), force: request.force, isDryRun: request.dryRun)
        return .with { $0.message = text }
    }

    func editPeer(
        request: Gd2_Store_V1_EditPeerRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_EditPeerReply {
        try check(context)
        try await changes.edit(
            Self.peer(request.peerID), name: request.name, addresses: request.addresses,
            metadata: request.metadata, removed: request.metadataRemoved)
        return .init()
    }

    private static func peer(_ text: String) throws -> PeerID {
        guard let peer = PeerID(text) else {
            throw GD2Error(.invalid, "\"\(text)\" is no peer id")
        }
        return peer
    }

    // MARK: Joining

    func createToken(
        request: Gd2_Store_V1_CreateTokenRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_CreateTokenReply {
        try check(context)
        let (token, secret) = try await changes.createToken(
            seconds: request.validSeconds, uses: request.uses)
        return .with {
            $0.token = Gd2_Store_V1_Token(token)
            $0.secret = secret
        }
    }

    func listTokens(
        request: Gd2_Store_V1_ListTokensRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_ListTokensReply {
        try check(context)
        let tokens = try await changes.tokens()
        return .with { $0.tokens = tokens.map(Gd2_Store_V1_Token.init) }
    }

    func revokeToken(
        request: Gd2_Store_V1_RevokeTokenRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_RevokeTokenReply {
        try check(context)
        try await changes.revokeToken(request.id)
        return .init()
    }

    func pair(
        request: Gd2_Store_V1_PairRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_PairReply {
        try check(context)
        let (code, until) = try await changes.pair(seconds: request.validSeconds)
        return .with {
            $0.code = code
            $0.expiresUnix = Int64(until.timeIntervalSince1970)
        }
    }

    func join(
        request: Gd2_Store_V1_JoinRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_JoinReply {
        try check(context)
        let (cluster, peer) = try await joins.join(JoinSecret(request.token), metadata: [:])
        return .with {
            $0.clusterID = cluster.description
            $0.peerID = peer.description
        }
    }

    /// Dry runs of what only gd2-store can check.
    func check(
        request: Gd2_Store_V1_CheckRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_CheckReply {
        try check(context)
        let text: String
        switch request.change {
        case .addPeer(let add):
            let name = try await changes.checkAdd(add.address, code: add.code)
            text = "\(name) (\(add.address)) would become a peer"
        case .createToken(let token):
            try changes.checkToken(seconds: token.validSeconds, uses: token.uses)
            let nodes = token.uses == 1 ? "one node" : "\(token.uses) nodes"
            text = "a token would be made that lets \(nodes) join for \(token.validSeconds) s"
        case .revokeToken(let revocation):
            let token = try await changes.token(revocation.id)
            text = "token \(token.id) would be revoked; \(token.usesLeft) more could have joined"
        case .pair(let pair):
            try await changes.checkPair(seconds: pair.validSeconds)
            text =
                "a code would be made that lets a cluster take this node in for "
                + "\(pair.validSeconds) s; the one before it would end"
        case .join(let join):
            let cluster = try await joins.checkJoin(JoinSecret(join.token))
            text = "this node would join cluster \(cluster)"
        case .saveSnapshot:
            try await checkSnapshot()
            text = "a snapshot of the store would be saved in \(snapshots.path)"
        case nil: throw GD2Error(.invalid, "the change to check is none that this gd2-store knows")
        }
        return .with { $0.message = text }
    }

    // MARK: The Raft engine

    func members(
        request: Gd2_Store_V1_MembersRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_MembersReply {
        try check(context)
        if node.isExternal {
            return externalMembers
        }
        let found = await MemberReports(node: node, liveness: liveness, reports: reports).all
        return .with {
            $0.members = found.members.map(Gd2_Store_V1_Member.init)
            $0.plan = found.plan
            $0.votersWanted = UInt32(found.votersWanted)
            $0.missing = found.missing
        }
    }

    func nodes(
        request: Gd2_Store_V1_NodesRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_NodesReply {
        try check(context)
        let asked = await reports.ask(Set(node.peers.peers.keys))
        return .with { $0.nodes = asked.values.map(Gd2_Store_V1_Node.init) }
    }

    /// Then nobody of us is a member.
    private var externalMembers: Gd2_Store_V1_MembersReply {
        let stored = node.peers.members
        let names = stored.members.map { node.peers.peer($0.peer)?.name ?? "\($0.peer)" }.sorted()
        let report =
            external?.report
            ?? ExternalStore(
                etcdCluster: node.state.identity.externalEtcd ?? "",
                endpoints: (stored.external?.endpoints ?? []).map {
                    ExternalStore.Endpoint(url: $0, isHealthy: nil)
                })
        return .with {
            $0.external = Gd2_Store_V1_ExternalStore(report)
            $0.plan =
                "the store is an external etcd, whose members are its administrator's; nodes that "
                + "speak to it: \(names.joined(separator: ", "))"
        }
    }

    func saveSnapshot(
        request: Gd2_Store_V1_SaveSnapshotRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_SnapshotInfo {
        try check(context)
        try await checkSnapshot()
        return Gd2_Store_V1_SnapshotInfo(
            try await snapshots.save(from: etcd, epoch: node.state.identity.epoch))
    }

    private func checkSnapshot() async throws {
        try node.refuseExternal("snapshots of it are for")
        guard await node.role.record?.member != nil else {
            throw GD2Error(
                .conflict,
                "this node is no member of the store: ask one (glustercli cluster members)")
        }
    }

    func listSnapshots(
        request: Gd2_Store_V1_ListSnapshotsRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_ListSnapshotsReply {
        try check(context)
        let all = try await snapshots.all()
        return .with { $0.snapshots = all.map(Gd2_Store_V1_SnapshotInfo.init) }
    }

    func recover(
        request: Gd2_Store_V1_RecoverRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_RecoverReply {
        try check(context)
        let (epoch, text) = try await recovery.recover(
            snapshot: request.snapshot.isEmpty ? nil : request.snapshot, isDryRun: request.dryRun)
        return .with {
            $0.epoch = epoch.number
            $0.message = text
        }
    }

    // MARK: Authorities

    func authorities(
        request: Gd2_Store_V1_AuthoritiesRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_AuthoritiesReply {
        try check(context)
        return Gd2_Store_V1_AuthoritiesReply(try authorities.known())
    }

    func exchangeAuthorities(
        request: Gd2_Store_V1_ExchangeAuthoritiesRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_ExchangeAuthoritiesReply {
        try check(context)
        let text = try await authorities.exchange(isDryRun: request.dryRun)
        return .with { $0.message = text }
    }

    // MARK: Other nodes

    func callBrick(
        request: Gd2_Store_V1_CallBrickRequest,
        response: RPCWriter<Gd2_Store_V1_CallBrickReply>, context: ServerContext
    ) async throws {
        // gd2-pmap may ask one question of other nodes, and no more.
        let isPmap = context.localCaller.programs.contains("gd2-pmap")
        if !isPmap || request.method != BrickMethod.volumeGeneration { try check(context) }
        let answer = try await bricks.call(
            Self.peer(request.peerID), request.method, Array(request.message),
            timeout: .milliseconds(request.timeoutMs))
        try await response.write(.with { $0.message = Data(answer) })
    }
}
