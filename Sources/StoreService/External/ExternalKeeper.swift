import Certificates
import EtcdAPI
import GRPCCore
import GlusterModel
import Logging
import Metrics
import NodeAPI
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf

/// Looks after an external etcd each second, on each node that speaks to it: how it is, who else
/// speaks to it, and what the leader's node does where the etcds are ours.
struct ExternalKeeper: Service {
    let node: NodeParts
    let etcd: ExternalEtcd
    let upstream: Upstream
    let liveness: Liveness
    let store: UpstreamStore

    private let used = Gauge(label: "gd2_etcd_database_bytes")
    private let up = Gauge(label: "gd2_etcd_up")

    init(
        node: NodeParts, etcd: ExternalEtcd, upstream: Upstream, liveness: Liveness,
        store: UpstreamStore
    ) {
        self.node = node
        self.etcd = etcd
        self.upstream = upstream
        self.liveness = liveness
        self.store = store
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var failed = ""
            while !Task.isCancelled {
                await self.etcd.look()
                self.tell()
                do {
                    try await self.lookAfterNodes()
                    failed = ""
                } catch {
                    let text = (error as? RPCError)?.message ?? "\(error)"
                    if text != failed, !Task.isCancelled {
                        self.node.log.warning("nodes not changed", metadata: ["error": "\(text)"])
                    }
                    failed = text
                }
                do { try await Task.sleep(for: Limits.endpointLookEvery) } catch { return }
            }
        }
    }

    private func tell() {
        let serving = etcd.endpoints.filter { $0.problem == nil }
        let status = serving.first?.last.status
        up.record(serving.isEmpty ? 0 : 1)
        if let status { used.record(status.dbSize) }
        var next = node.state.status
        next.etcdVersion = status?.version ?? next.etcdVersion
        next.databaseBytes = status.map { UInt64(max(0, $0.dbSize)) } ?? next.databaseBytes
        if !next.available { next.message = etcd.problem }
        node.state.status = next
    }

    private func lookAfterNodes() async throws {
        guard upstream.answersDirectly, node.peers.isCurrent,
            let id = node.state.identity.externalEtcd
        else { return }
        try await publish(id)
        try await shareAuthority()
        guard isFirst else { return }
        let members = node.peers.members.members
        try await Removals(node: node, liveness: liveness, store: store).finish { peer in
            members.contains { $0.peer == peer }
        }
    }

    /// Whether this node does what one is enough for. When two think so, both do the same.
    private var isFirst: Bool {
        let leaving = node.peers.leaving
        let schema = node.schema.present ?? .max
        let able = node.peers.members.members.map(\.peer).filter { peer in
            guard !leaving.contains(peer) else { return false }
            guard peer != node.own else { return node.schema.refusal == nil }
            let seen = liveness.of(peer)
            return seen.isReachable && seen.schema >= schema
        }
        return able.min() == node.own
    }

    /// Writes into `cluster/members` that this node serves others, and who does so no more. That
    /// takes etcd's own leave, which a client has not.
    private func publish(_ id: String) async throws {
        let old = node.peers.members
        var next = StoredMembers(members: [], external: old.external)
        if old.external?.etcdCluster == id { next.members = old.members.filter(stays) }
        if !next.members.contains(where: { $0.peer == node.own }), stays(ownMember) {
            next.members.append(ownMember)
        }
        if isFirst || old.external?.etcdCluster != id {
            next.external = .init(
                etcdCluster: id, endpoints: node.configuration.etcdEndpoints)
        }
        next.members.sort { $0.peer < $1.peer }
        guard next != old, !next.members.isEmpty else { return }
        let key = node.state.identity.store.keys.members
        let found = try await store.get(key)
        let stored = found.flatMap {
            try? RecordCoding.decode(StoredMembers.self, from: $0.value)
        }
        // Somebody else was faster: the mirror brings it.
        if let stored, stored != old { return }
        let result = try await store.txn(
            if: [.modRevision(key: key, equals: found?.modRevision ?? 0)],
            then: [.put(key: key, value: try RecordCoding.encode(next))])
        if result.succeeded { try await node.waitForOwnMirror(result.revision) }
    }

    private var ownMember: StoredMembers.Member {
        .init(id: 0, peer: node.own, isLearner: false)
    }

    private func stays(_ member: StoredMembers.Member) -> Bool {
        let peer = member.peer
        guard node.peers.knows(peer), !node.peers.leaving.contains(peer) else { return false }
        let seen = liveness.of(peer)
        return peer == node.own || !seen.isReachable || seen.isDirect
    }

    /// Nodes that speak to etcd can let others in, for which they need the authority's key.
    private func shareAuthority() async throws {
        guard let authority = node.certificates.nodeAuthority else { return }
        let request = try Gd2_Node_V1_RunMemberRequest.with {
            $0.nodeAuthority = TextFile.read(node.certificates.path("node-ca.pem")) ?? ""
            $0.nodeAuthorityKey = try authority.keyPEM
        }
        for member in node.peers.members.members where member.peer != node.own {
            let seen = liveness.of(member.peer)
            guard seen.isReachable, seen.isDirect, seen.roleDigest.isEmpty,
                let peer = node.peers.peer(member.peer)
            else { continue }
            _ = try await node.connections.node(peer).runMember(
                request, options: NodeConnections.options(Limits.memberChange))
        }
    }
}
