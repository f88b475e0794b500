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

/// gd2-store: identity, certificates, role file, and the gateway to etcd on `store.sock`.
public enum StoreDaemon {
    /// The file that ``EtcdRunner`` waits for.
    public static func roleFile(stateDirectory: String) -> String { stateDirectory + "/role.json" }

    public static func services(
        _ context: DaemonContext<StoreConfiguration>
    ) throws -> [any Service] {
        let configuration = context.configuration
        let identity = try NodeIdentity.prepare(directory: configuration.stateDirectory)
        let certificates = EtcdCertificates(directory: configuration.stateDirectory + "/pki")
        if try certificates.prepare(now: Date()) { context.log.notice("certificates made") }
        try role(configuration, identity, certificates)
            .save(to: roleFile(stateDirectory: configuration.stateDirectory))
        context.log.info(
            "identity",
            metadata: ["cluster": "\(identity.cluster)", "peer": "\(identity.peer)"])

        let state = StoreState(identity: identity)
        let table = AccessTable(keys: identity.store.keys, peer: identity.peer)
        let etcd = try EtcdConnection(
            address: configuration.etcdClientAddress, certificates: certificates)
        let names = CallerTable.shipped.merging(configuration.callers) { _, own in own }
        let server = LocalServer(
            listening: try context.listener(
                "store", or: .unix(path: configuration.storeSocket, mode: 0o660)),
            callers: CallerTable(names: names, self: geteuid()),
            services: [
                KVGateway(etcd: etcd, table: table), WatchGateway(etcd: etcd, table: table),
                LeaseGateway(etcd: etcd, table: table),
                StoreGateway(etcd: etcd, table: table, state: state),
            ], log: context.log)
        return [
            etcd, server,
            CertificateKeeper(certificates: certificates, log: context.log),
            SpaceKeeper(
                etcd: etcd, state: state, quotaBytes: configuration.etcdQuotaBytes,
                log: context.log),
            ClusterKeeper(
                etcd: etcd, state: state, configuration: configuration, log: context.log),
        ]
    }

    private static func role(
        _ configuration: StoreConfiguration, _ identity: NodeIdentity,
        _ certificates: EtcdCertificates
    ) -> RoleFile {
        let arguments = EtcdArguments(
            name: identity.peer.description, clusterToken: identity.cluster.description,
            dataDirectory: configuration.stateDirectory + "/etcd",
            clientAddress: configuration.etcdClientAddress,
            peerAddress: configuration.etcdPeerAddress,
            quotaBytes: configuration.etcdQuotaBytes, certificates: certificates)
        return RoleFile(binary: configuration.etcdBinary, arguments: arguments.words)
    }
}
