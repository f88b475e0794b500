import FoundationEssentials
import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema

/// The routes of the cluster and of its store's members and snapshots. They go straight to
/// gd2-store, so that they work while the store has no quorum.
struct ClusterRoutes: Sendable {
    let local: LocalStore
    let cluster: ClusterReader
    let build: SuiteBuild

    var listed: [ListedRoute] {
        reads + snapshots + [join, recover] + AuthorityRoutes(local: local).listed
    }

    private var reads: [ListedRoute] {
        [
            .init(name: "GetCluster", method: .get, path: "/v1/cluster", response: "ClusterInfo") {
                _, _ in
                try Response.json(await summary().info)
            },
            .init(
                name: "GetMembers", method: .get, path: "/v1/cluster/members",
                response: "MembersInfo"
            ) { _, _ in
                let members = try await local.read("who its members are") {
                    try await local.calls.members()
                }
                return try Response.json(MembersInfo(members, cluster.current))
            },
        ]
    }

    /// What can be learned in the time of a read; throws only when nothing is known at all.
    func summary() async throws -> ClusterSummary {
        let view = local.mirror.view
        async let peers = local.peers()
        async let members = local.answer { try await local.calls.members() }
        async let status = local.answer { try await local.status() }
        async let snapshots = local.answer { try await local.calls.snapshots() }
        async let authorities = local.answer { try await local.calls.authorities() }
        var identity = view.identity
        if identity == nil { identity = try await local.require() }
        guard let identity else {
            throw GD2Error(
                .unavailable, "gd2-store does not answer: see systemctl status gd2-store")
        }
        let found = await (peers, members, status, snapshots, authorities)
        return ClusterSummary(
            identity: identity, view: view, state: cluster.current, probed: found.0,
            members: found.1, store: found.2, snapshots: found.3, authorities: found.4,
            build: build,
            now: Int64(Date().timeIntervalSince1970))
    }

    private var snapshots: [ListedRoute] {
        let path = "/v1/cluster/snapshots"
        return [
            // Each file is read whole to be verified, so this may take longer than other reads.
            .init(
                name: "SnapshotsOfStore", method: .get, path: path, response: "[SnapshotInfo]"
            ) { _, _ in
                _ = try await local.require()
                return try Response.json(await local.calls.snapshots().map(SnapshotInfo.init))
            },
            .init(
                name: "SnapshotOfStoreSave", method: .post, path: path, response: "SnapshotInfo"
            ) { _, _ in
                _ = try await local.require()
                return try Response.json(
                    SnapshotInfo(await local.calls.saveSnapshot()), status: .created)
            }.keptAround().planned { _, _ in
                try await local.plan(.saveSnapshot, .create, "snapshot")
            },
        ]
    }

    private var join: ListedRoute {
        .init(
            name: "Join", method: .post, path: "/v1/cluster/join", request: "JoinReq",
            response: "JoinInfo"
        ) { request, _ in
            let token = try await Self.token(request)
            _ = try await local.require()
            let (id, peer) = try await local.calls.join(token: token)
            // It has joined, also when this node's own view is late.
            _ = try? await local.mirror.first(timeout: Limits.mirrorWait) {
                $0.identity?.cluster == id && $0.freshness == .current
            }
            return try Response.json(JoinInfo(clusterID: "\(id)", peerID: "\(peer)"))
        }.neverKept().planned { request, _ in
            try await local.plan(.join(token: Self.token(request)), .add, "cluster")
        }
    }

    private static func token(_ request: Request) async throws -> String {
        let body = try await request.value(JoinReq.self)
        guard !body.token.isEmpty else {
            throw GD2Error(
                .invalid,
                "token is empty: glustercli peer token create, on a node of the cluster, makes one")
        }
        return body.token
    }

    private var recover: ListedRoute {
        ListedRoute(
            name: "Recover", method: .post, path: "/v1/cluster/recover", request: "RecoverReq",
            response: "OutcomeInfo"
        ) { request, _ in
            try Response.json(OutcomeInfo(message: await recover(request, isDryRun: false)))
        }.neverKept().planned { request, _ in
            let said = try await recover(request, isDryRun: true)
            return DryRunInfo(changes: [PendingChange(.recover, "cluster", said)])
        }
    }

    private func recover(_ request: Request, isDryRun: Bool) async throws -> String {
        let body = try await request.value(RecoverReq.self, absent: RecoverReq())
        _ = try await local.require()
        return try await local.calls.recover(snapshot: body.snapshot, isDryRun: isDryRun)
    }
}

extension MembersInfo {
    init(_ found: StoreMembers, _ state: ClusterState) {
        let members = found.members.map { member in
            MemberInfo(
                id: member.id, peerID: member.peer?.description,
                name: member.peer.flatMap { state.peers[$0]?.name },
                role: member.isLeader ? "leader" : member.isLearner ? "learner" : "voter",
                healthy: member.isHealthy, version: member.version,
                databaseBytes: member.databaseBytes, raftIndex: member.raftIndex,
                message: member.message.isEmpty ? nil : member.message)
        }
        self.init(
            members: members.sorted { ($0.name ?? "", $0.id) < ($1.name ?? "", $1.id) },
            plan: found.plan, votersWanted: found.votersWanted,
            external: found.external.map(ExternalStoreInfo.init))
        if !found.missing.isEmpty { missing = found.missing }
    }
}

extension ExternalStoreInfo {
    init(_ store: ExternalStore) {
        self.init(
            etcdCluster: store.etcdCluster.isEmpty ? nil : store.etcdCluster,
            endpoints: store.endpoints.map { endpoint in
                EndpointInfo(
                    url: endpoint.url, healthy: endpoint.isHealthy, leader: endpoint.isLeader,
                    version: endpoint.version, databaseBytes: endpoint.databaseBytes,
                    message: endpoint.message.isEmpty ? nil : endpoint.message)
            })
    }
}

extension SnapshotInfo {
    init(_ snapshot: StoreSnapshot) {
        self.init(
            name: snapshot.name, path: snapshot.path, created: snapshot.created,
            bytes: snapshot.bytes, revision: snapshot.revision, digest: snapshot.digest,
            damaged: snapshot.isDamaged,
            message: snapshot.message.isEmpty ? nil : snapshot.message)
    }
}
