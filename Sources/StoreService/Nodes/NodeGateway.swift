import Certificates
import EtcdAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import GlusterModel
import NodeAPI
import StoreAPI
import SwiftProtobuf
import X509

/// What this node answers other nodes.
struct NodeGateway: Gd2_Node_V1_Node.SimpleServiceProtocol {
    let node: NodeParts
    let etcd: EtcdConnection
    let liveness: Liveness
    /// Whether the store is reached without another node between.
    let answersDirectly: @Sendable () -> Bool
    let joins: Joins
    let bricks: BrickRelay
    let own: OwnReport

    func join(
        request: Gd2_Node_V1_JoinRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_JoinReply {
        try await joins.accept(request, from: context.nodeCaller)
    }

    func invite(
        request: Gd2_Node_V1_InviteRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_InviteReply {
        let (_, peer) = try await joins.join(
            JoinSecret(request.token), metadata: request.metadata)
        node.pairing.end()
        return .with { $0.peerID = peer.description }
    }

    func checkJoin(
        request: Gd2_Node_V1_JoinRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_CheckJoinReply {
        try await joins.check(request, from: context.nodeCaller)
        return .with { $0.clusterID = node.state.identity.cluster.description }
    }

    func checkInvite(
        request: Gd2_Node_V1_CheckInviteRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_JoinRequest {
        try await joins.request()
    }

    func probe(
        request: Gd2_Node_V1_ProbeRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_ProbeReply {
        let caller = try context.callingPeer
        let identity = node.state.identity
        let record = await node.role.record
        let isDirect = node.configuration.isExternal
        let runs =
            isDirect ? answersDirectly() : record?.member == nil ? false : await memberRuns()
        let digest = node.isExternal ? try node.authorityDigest : record?.digest ?? ""
        if caller.description != request.peerID {
            throw GD2Error(.conflict, "peer \(request.peerID) shows the certificate of \(caller)")
        }
        node.claim.called(caller, run: request.run, from: context.remotePeer)
        let found = liveness.found(caller)
        let members = node.peers.members.members
        return .with { reply in
            reply.clusterID = identity.cluster.description
            reply.peerID = identity.peer.description
            reply.epoch = identity.epoch.number
            reply.clockNs = Int64(Date().timeIntervalSince1970 * 1e9)
            reply.version = node.schema.version
            reply.schema = UInt32(node.schema.newest)
            reply.memberID = record?.member ?? 0
            reply.memberRuns = runs
            reply.roleDigest = digest
            reply.externalStore = identity.externalEtcd ?? ""
            reply.externalDirect = isDirect
            reply.current = node.peers.isCurrent
            reply.run = node.claim.run
            reply.memberDiscarded = record?.discarded ?? 0
            if let known = node.peers.peer(caller), known.metadata["_addresses"] != "set" {
                reply.callerRegistered = known.addresses
            }
            reply.callerProbed = found != nil
            if let found, found.isReachable, let address = found.address {
                reply.callerRun = found.run
                reply.callerAddress = "\(address)"
            }
            reply.holdings = Gd2_Node_V1_Holdings(node.authorities.holdings)
            reply.members = members.map { member in
                .with {
                    $0.peerID = member.peer.description
                    $0.memberID = member.id
                    $0.learner = member.isLearner
                }
            }
        }
    }

    private func memberRuns() async -> Bool {
        var options = EtcdConnection.options
        options.timeout = Limits.probe / 2
        return (try? await etcd.maintenance.status(.init(), options: options)) != nil
    }

    func report(
        request: Gd2_Node_V1_ReportRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_NodeReport {
        _ = try context.callingPeer
        return Gd2_Store_V1_NodeReport(await own.now)
    }

    func prepareMember(
        request: Gd2_Node_V1_PrepareMemberRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_PrepareMemberReply {
        try checkLeader(context)
        let (key, url) = try await node.role.prepare()
        return .with {
            $0.publicKey = key
            $0.peerURL = url
        }
    }

    func runMember(
        request: Gd2_Node_V1_RunMemberRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_RunMemberReply {
        try checkLeader(context)
        if node.isExternal {
            try node.takeAuthority(request)
        } else {
            try await node.role.run(MemberRole.Assignment(request))
        }
        return .init()
    }

    func restartMember(
        request: Gd2_Node_V1_RestartMemberRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_RestartMemberReply {
        try checkLeader(context)
        try await node.role.restart(trusting: Set(request.trusted))
        return .init()
    }

    func stopMember(
        request: Gd2_Node_V1_StopMemberRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_StopMemberReply {
        try checkLeader(context)
        if await node.role.record?.member == request.memberID { try await node.role.stop() }
        return .init()
    }

    func leave(
        request: Gd2_Node_V1_LeaveRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_LeaveReply {
        try checkLeader(context)
        try await node.leave()
        return .init()
    }

    /// Only members steer this node; while the store is away it cannot know who is one now.
    private func checkLeader(_ context: ServerContext) throws {
        let peer = try context.callingPeer
        guard node.peers.isMember(peer) || !node.peers.isCurrent else {
            throw GD2Error(.notAllowed, "peer \(peer) is no member of the store here")
        }
    }

    func renew(
        request: Gd2_Node_V1_RenewRequest, context: ServerContext
    ) async throws -> Gd2_Node_V1_RenewReply {
        let peer = try context.callingPeer
        let certificate = try joins.certificate(
            for: peer, publicKey: request.publicKey,
            hosts: node.peers.peer(peer)?.addresses ?? [])
        return .with { $0.certificate = certificate }
    }

    func callBrick(
        request: Gd2_Node_V1_CallBrickRequest,
        response: RPCWriter<Gd2_Node_V1_CallBrickReply>, context: ServerContext
    ) async throws {
        _ = try context.callingPeer
        let answer = try await bricks.callOwn(
            request.method, Array(request.message), timeout: .milliseconds(request.timeoutMs))
        try await response.write(.with { $0.message = Data(answer) })
    }
}

extension MemberRole.Assignment {
    init(_ wire: Gd2_Node_V1_RunMemberRequest) {
        self.init(
            member: wire.memberID, initialCluster: wire.initialCluster,
            certificate: wire.certificate, memberAuthority: (wire.authority, wire.authorityKey),
            nodeAuthority: (wire.nodeAuthority, wire.nodeAuthorityKey),
            nextMemberAuthority: (wire.nextAuthority, wire.nextAuthorityKey),
            nextNodeAuthority: (wire.nextNodeAuthority, wire.nextNodeAuthorityKey),
            digest: wire.roleDigest, clusterToken: wire.clusterToken, isAlone: wire.alone,
            isStarted: wire.started)
    }
}
