import FoundationEssentials
import GRPCCore
import Glibc
import GlusterModel
import Logging
import NodeAPI
import ServiceLifecycle
import StoreAPI
import Synchronization

/// What the services that speak to other nodes share.
final class NodeParts: Sendable {
    let own: PeerID
    let configuration: StoreConfiguration
    let certificates: ClusterCertificates
    let state: StoreState
    let peers: PeerDirectory
    let connections: NodeConnections
    let role: MemberRole
    let claim: IdentityKeeper
    let schema: SchemaGuard
    let pairing = Pairing()
    let invitations = Invitations()
    let authorities: AuthorityReport
    let restart: Restarter
    let log: Logger
    /// Who it is from its next start on, when it has left the cluster.
    private let next = Mutex<NodeIdentity?>(nil)

    init(
        configuration: StoreConfiguration, certificates: ClusterCertificates, state: StoreState,
        peers: PeerDirectory, connections: NodeConnections, role: MemberRole,
        claim: IdentityKeeper, schema: SchemaGuard
    ) {
        own = state.identity.peer
        self.configuration = configuration
        self.certificates = certificates
        self.state = state
        self.peers = peers
        self.connections = connections
        self.role = role
        self.claim = claim
        self.schema = schema
        log = schema.log
        authorities = AuthorityReport(certificates)
        restart = Restarter(log: log)
    }

    /// Whether the store is an etcd that others run.
    var isExternal: Bool { state.identity.externalEtcd != nil || configuration.isExternal }

    /// Returns when this program's own mirror has `revision`, so that what was written is seen.
    func waitForOwnMirror(_ revision: Int64) async throws {
        for _ in 0..<1_000 {
            if peers.revision >= revision { return }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Takes what a peer knows better: who the members are, while our store does not answer, and
    /// that the store was recovered without us.
    func learned(_ reply: Gd2_Node_V1_ProbeReply, from peer: PeerID) async {
        guard reply.clusterID == state.identity.cluster.description else { return }
        let epoch = Epoch(reply.epoch)
        if reply.current, epoch >= state.identity.epoch {
            let members = reply.members.compactMap { member in
                PeerID(member.peerID).map {
                    StoredMembers.Member(
                        id: member.memberID, peer: $0, isLearner: member.learner)
                }
            }
            if !members.isEmpty { peers.learn(members) }
        }
        let isNewEpoch = epoch > state.identity.epoch
        if !reply.externalStore.isEmpty, reply.externalStore != state.identity.externalEtcd,
            isNewEpoch || (epoch == state.identity.epoch && state.identity.externalEtcd == nil)
        {
            return await follow(etcd: reply.externalStore, epoch, of: peer)
        }
        guard isNewEpoch else { return }
        await follow(epoch, of: peer, isMember: reply.memberID != 0)
    }

    /// The store was moved to an external etcd, or to another one.
    private func follow(etcd: String, _ epoch: Epoch, of peer: PeerID) async {
        do {
            log.notice(
                "store was moved to an external etcd",
                metadata: ["epoch": "\(epoch)", "etcd": "\(etcd)", "peer": "\(peer)"])
            var identity = state.identity
            (identity.epoch, identity.externalEtcd) = (epoch, etcd)
            try identity.save(directory: configuration.stateDirectory)
            state.identity = identity
            peers.members = StoredMembers(members: [.init(id: 0, peer: peer, isLearner: false)])
            try await role.becomeExternal()
        } catch { log.error("epoch not followed", metadata: ["error": "\(error)"]) }
    }

    /// The store was restored elsewhere: what our own etcd holds is of a past that ended.
    private func follow(_ epoch: Epoch, of peer: PeerID, isMember: Bool) async {
        do {
            log.notice(
                "store was recovered elsewhere",
                metadata: ["epoch": "\(epoch)", "peer": "\(peer)"])
            // First, so that no end of this program in between leaves a member of the past.
            if isMember { try await role.stop() }
            // Meanwhile another may have told of it, and the store be followed there.
            let isFirst = state.advance(to: epoch) {
                guard isMember else { return }
                let recovered = StoredMembers.Member(id: 0, peer: peer, isLearner: false)
                peers.members = StoredMembers(members: [recovered])
            }
            if isFirst { try state.identity.save(directory: configuration.stateDirectory) }
        } catch { log.error("epoch not followed", metadata: ["error": "\(error)"]) }
    }

    /// A peer that knows says that we were taken out: we remember it, and are alone from then on.
    func wasRemoved(said peer: PeerID) async {
        guard !peers.members.members.isEmpty, peers.isMember(peer) || !peers.isCurrent else {
            return
        }
        do { try await leave() } catch {
            log.error("cluster not left", metadata: ["error": "\(error)"])
        }
    }

    /// Leaves the cluster: a new one of its own, under the same peer id, after a restart.
    func leave() async throws {
        try await role.stop()
        // Several peers may say so at once.
        try next.withLock { next in
            guard next == nil else { return }
            log.notice(
                "removed from the cluster", metadata: ["cluster": "\(state.identity.cluster)"])
            var identity = NodeIdentity.founding(own)
            identity.left = state.identity.cluster
            try identity.save(directory: configuration.stateDirectory)
            next = identity
        }
        restart.soon()
    }
}

/// Ends this program a moment after an answer was given; its unit starts it with what is on disk
/// by then.
final class Restarter: Service {
    private let requests: AsyncStream<Void>
    private let giver: AsyncStream<Void>.Continuation
    private let log: Logger

    init(log: Logger) {
        self.log = log
        (requests, giver) = AsyncStream.makeStream(of: Void.self)
    }

    func soon() { giver.yield() }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.requests {
                try? await Task.sleep(for: .milliseconds(Limits.gracefulExitMs))
                self.log.notice("starting anew")
                kill(getpid(), SIGTERM)
            }
        }
    }
}
