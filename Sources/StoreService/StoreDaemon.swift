public import Daemon
import EtcdProcess
import FoundationEssentials
import GRPCCore
import Glibc
import GlusterModel
import LocalGRPC
import Logging
public import ServiceLifecycle
import StoreAPI
import StoreMirror
public import StoreSchema

/// gd2-store: identity, certificates, role file, the gateway to the store on `store.sock`, and the
/// node's only door to other nodes, TCP 24008.
public enum StoreDaemon {
    /// The file that ``EtcdRunner`` waits for.
    public static func roleFile(stateDirectory: String) -> String { stateDirectory + "/role.json" }

    public static func services(
        _ context: DaemonContext<StoreConfiguration>, _ build: SuiteBuild
    ) async throws -> [any Service] {
        let configuration = context.configuration
        let identity = try NodeIdentity.prepare(directory: configuration.stateDirectory)
        let local = EtcdCertificates(directory: configuration.stateDirectory + "/pki")
        let own = ClusterCertificates(
            stateDirectory: configuration.stateDirectory, cluster: identity.cluster)
        if let left = identity.left, left != identity.cluster {
            try ClusterCertificates.forget(left, stateDirectory: configuration.stateDirectory)
        }
        let madeLocal = try local.prepare(now: Date())
        let hosts =
            NodeAddresses.all(configured: configuration.address) + ["localhost", "127.0.0.1"]
        let madeOwn = try own.prepare(
            peer: identity.peer, hosts: hosts, isFounding: !identity.hasJoined, now: Date())
        if madeLocal || madeOwn { context.log.notice("certificates made") }
        let role = try MemberRole(
            configuration, identity, local: local, cluster: own, log: context.log)
        context.log.info(
            "identity",
            metadata: ["cluster": "\(identity.cluster)", "peer": "\(identity.peer)"])
        let services = try StoreServices(
            context: context, identity: identity, certificates: (local, own), role: role,
            build: build)
        if let refusal = try await services.refusal() {
            return try await services.refusing(refusal)
        }
        try await role.begin()
        await role.callBeforeRestart { [upstream = services.upstream] in
            await upstream.leaveOwn()
        }
        return try services.all(hasOwnData: await role.record?.member != nil)
    }
}

/// Wires gd2-store's services.
private struct StoreServices {
    let context: DaemonContext<StoreConfiguration>
    let configuration: StoreConfiguration
    let state: StoreState
    let etcd: EtcdConnection
    let node: NodeParts
    let upstream: Upstream
    let store: UpstreamStore
    let watch: StoreWatch
    let liveness: Liveness
    let membership: MembershipKeeper
    let callers: NodeCallers
    let authorities: AuthorityKeeper
    let bricks: LocalClient
    let local: EtcdCertificates
    let external: ExternalEtcd?
    let mirror: StoreMirror

    init(
        context: DaemonContext<StoreConfiguration>, identity: NodeIdentity,
        certificates: (local: EtcdCertificates, own: ClusterCertificates), role: MemberRole,
        build: SuiteBuild
    ) throws {
        self.context = context
        let own = certificates.own
        local = certificates.local
        configuration = context.configuration
        state = StoreState(identity: identity)
        etcd = try EtcdConnection(
            address: configuration.etcdClientAddress, certificates: local)
        let connections = NodeConnections(certificates: own)
        let peers = PeerDirectory(
            own: identity.peer, cluster: identity.cluster,
            voters: KnownVoters.load(configuration.stateDirectory, cluster: identity.cluster))
        node = NodeParts(
            configuration: configuration, certificates: own, state: state, peers: peers,
            connections: connections, role: role,
            claim: IdentityKeeper(
                run: "\(context.incarnation)", configuration: configuration, identity: identity,
                certificates: own, log: context.log),
            schema: SchemaGuard(
                build: build, isWitness: configuration.witness, log: context.log))
        let external = try ExternalEtcd(
            configuration, state: state, role: role, log: context.log)
        self.external = external
        upstream = Upstream(
            own: etcd, external: external, connections: connections, peers: peers, store: state,
            log: context.log
        ) {
            if external != nil { return true }
            return await role.record?.member != nil
        }
        let source = StoreSource(upstream: upstream, state: state)
        watch = StoreWatch(source: source, shared: SharedWatch(source: source))
        store = UpstreamStore(
            upstream: upstream, state: state, following: watch, schema: node.schema)
        liveness = Liveness(node: node)
        membership = MembershipKeeper(node: node, etcd: etcd, liveness: liveness, store: store)
        callers = NodeCallers(
            certificates: own, peers: peers, pairing: node.pairing,
            invitations: node.invitations, isOpen: configuration.openJoin)
        authorities = AuthorityKeeper(
            etcd: etcd, store: store, liveness: liveness, membership: membership,
            callers: callers)
        bricks = try LocalClient(path: configuration.brickdSocket)
        mirror = StoreMirror(
            store: store, prefixes: { [$0.peers, $0.prefix + "cluster/"] },
            stateFile: configuration.stateDirectory + "/view", log: context.log)
    }

    /// Why this machine may not act as its peer.
    func refusal() async throws -> String? {
        node.peers.update(mirror.view)
        switch await node.claim.atStart(
            node.peers, isMember: await node.role.record?.member != nil)
        {
        case .serve: return nil
        case .serveAnew:
            try await node.role.discard()
            return nil
        case .refuse(let text): return text
        }
    }

    /// Nothing but the reason, for who asks on this machine; an etcd that runs is ended.
    func refusing(_ refusal: String) async throws -> [any Service] {
        await EtcdLife(stateDirectory: configuration.stateDirectory).end()
        state.status.message = refusal
        let snapshots = SnapshotFolder(stateDirectory: configuration.stateDirectory)
        return [try localServer(snapshots, [RefusalInterceptor(refusal: refusal)])]
    }

    /// `hasOwnData`: whether an etcd of this node's own has or had data; where the store is
    /// external, that is so until it is known to be moved.
    func all(hasOwnData: Bool) throws -> [any Service] {
        let schema = SchemaKeeper(
            node: node, store: UpstreamStore(upstream: upstream, state: state, following: watch)
        ) { [external, membership, upstream] in
            // Of an external etcd nobody leads; raising twice does no harm.
            external == nil ? membership.leads : upstream.answersDirectly
        }
        let snapshots = SnapshotFolder(stateDirectory: configuration.stateDirectory)
        return try storeKeepers(snapshots, hasOwnData) + [
            node.connections, upstream, watch.shared, bricks, mirror, schema,
            PeerFollower(mirror: mirror, peers: node.peers), liveness, authorities,
            localServer(snapshots, [SchemaInterceptor(schema: node.schema)]),
            nodeServer(snapshots), node.restart,
            CertificateKeeper(node: node, local: local, upstream: upstream),
            ClusterKeeper(
                etcd: upstream, state: state, configuration: configuration, schema: schema,
                quorum: { [node, liveness, external] in
                    external?.problem ?? QuorumText.of(node, liveness)
                }, log: context.log),
        ]
    }

    /// What looks after etcd: our own, or the external one.
    private func storeKeepers(
        _ snapshots: SnapshotFolder, _ hasOwnData: Bool
    ) -> [any Service] {
        if let external {
            let own: [any Service] = hasOwnData ? [etcd] : []
            return own + external.endpoints.map(\.connection) + [
                ExternalKeeper(
                    node: node, etcd: external, upstream: upstream, liveness: liveness,
                    store: store)
            ]
        }
        return [
            etcd, membership, MemberDataKeeper(node: node, etcd: etcd, upstream: upstream),
            SnapshotKeeper(node: node, etcd: etcd, folder: snapshots),
            SpaceKeeper(
                etcd: etcd, state: state, quotaBytes: configuration.etcdQuotaBytes,
                log: context.log
            ) { [role = node.role] in await role.record?.member != nil },
        ]
    }

    private func localServer(
        _ snapshots: SnapshotFolder, _ interceptors: [any ServerInterceptor]
    ) throws -> LocalServer {
        let access = Access.local(
            AccessTable(keys: state.identity.store.keys, peer: state.identity.peer))
        let relay = BrickRelay(local: bricks, node: node)
        let joins = Joins(node: node, store: store)
        let names = CallerTable.shipped.merging(configuration.callers) { _, own in own }
        return LocalServer(
            listening: try context.listener(
                "store", or: .unix(path: configuration.storeSocket, mode: 0o660)),
            callers: CallerTable(names: names, self: geteuid()),
            interceptors: interceptors + [OffLoopInterceptor([Gd2_Store_V1_Cluster.descriptor])],
            services: [
                KVGateway(etcd: upstream, access: access),
                WatchGateway(etcd: upstream, access: access),
                LeaseGateway(etcd: upstream, access: access),
                StoreGateway(
                    watch: watch, access: access, state: state, schema: node.schema,
                    isPassing: { [node, liveness] in
                        if await node.role.isStartingAnew { return true }
                        return QuorumText.isElecting(node, liveness)
                    }),
                ClusterGateway(
                    node: node, liveness: liveness,
                    changes: PeerChanges(
                        node: node, store: store, joins: joins, liveness: liveness,
                        membership: membership),
                    joins: joins, etcd: etcd,
                    reports: NodeReports(
                        node: node, liveness: liveness, own: report(snapshots)),
                    external: external, snapshots: snapshots,
                    recovery: Recovery(
                        node: node, upstream: upstream, liveness: liveness, folder: snapshots,
                        life: EtcdLife(stateDirectory: configuration.stateDirectory)),
                    authorities: AuthorityChanges(
                        node: node, store: store, keeper: authorities),
                    bricks: relay),
            ], log: context.log)
    }

    private func report(_ snapshots: SnapshotFolder) -> OwnReport {
        OwnReport(
            node: node, etcd: etcd, membership: membership, snapshots: snapshots, local: local)
    }

    private func nodeServer(_ snapshots: SnapshotFolder) throws -> NodeServer {
        let access = Access.peers(state.identity.store.keys)
        let way: any StoreWay = external == nil ? etcd : DirectWay(upstream: upstream)
        return NodeServer(
            listening: try context.listener(
                "node", or: .tcp(host: configuration.nodeHost, port: configuration.nodePort)),
            security: NodeTLS.server(node.certificates, callers: callers),
            interceptor: NodeCallerInterceptor(callers: callers, peers: node.peers),
            services: [
                // A voter's own etcd answers, and no other's: a call goes one way at most.
                KVGateway(etcd: way, access: access), WatchGateway(etcd: way, access: access),
                LeaseGateway(etcd: way, access: access),
                NodeGateway(
                    node: node, etcd: etcd, liveness: liveness,
                    answersDirectly: { [upstream] in upstream.answersDirectly },
                    joins: Joins(node: node, store: store),
                    bricks: BrickRelay(local: bricks, node: node), own: report(snapshots)),
            ], log: context.log)
    }
}

/// Tells the directory of peers what the mirror says.
private struct PeerFollower: Service {
    let mirror: StoreMirror
    let peers: PeerDirectory

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await view in mirror.views() { peers.update(view) }
        }
    }
}
