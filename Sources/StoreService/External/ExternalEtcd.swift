import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import Logging
import StoreAPI
import SwiftProtobuf
import Synchronization

/// The etcd that others run, with this cluster in it.
struct ExternalEtcd: Sendable {
    let endpoints: [ExternalEndpoint]
    private let state: StoreState
    private let role: MemberRole
    private let stateDirectory: String
    private let log: Logger

    /// Nil: the store is in etcds of gd2's own. Throws for files that the configuration names and
    /// that are of no use.
    init?(
        _ configuration: StoreConfiguration, state: StoreState, role: MemberRole, log: Logger
    ) throws {
        guard configuration.isExternal else { return nil }
        let tls = try EndpointTLS(configuration)
        endpoints = try configuration.endpointURLs.map { try ExternalEndpoint($0, tls) }
        self.state = state
        self.role = role
        stateDirectory = configuration.stateDirectory
        self.log = log
    }

    func look() async {
        let key = state.identity.store.keys.epoch
        await withDiscardingTaskGroup { group in
            for endpoint in endpoints {
                group.addTask {
                    guard let reply = await endpoint.look(reading: key) else { return }
                    await admit(endpoint, reply)
                }
            }
        }
    }

    /// Opens the gate of an endpoint that has answered for `cluster/epoch`, or closes it with the
    /// reason.
    private func admit(
        _ endpoint: ExternalEndpoint, _ reply: Etcdserverpb_RangeResponse
    ) async {
        let identity = state.identity
        let known = Admission.Node(
            cluster: identity.cluster, epoch: identity.epoch, etcd: identity.externalEtcd,
            hasOwnData: await role.record?.member != nil, hasJoined: identity.hasJoined,
            stateDirectory: stateDirectory)
        let stored = reply.kvs.first.flatMap { value in
            try? RecordCoding.decode(StoredEpoch.self, from: Array(value.value)).epoch
        }
        let found = Admission.Found(
            etcd: String(reply.header.clusterID, radix: 16), epoch: stored)
        switch Admission.of(found, for: known) {
        case .admitted, .founding: endpoint.gate.reason = nil
        case .taken:
            if await take(found) { endpoint.gate.reason = nil }
        case .refused(let reason):
            if !endpoint.refuse(reason) {
                log.error(
                    "external etcd refused",
                    metadata: ["endpoint": "\(endpoint.url)", "error": "\(reason)"])
            }
        }
    }

    /// From here on the cluster is there, whenever this node is started.
    private func take(_ found: Admission.Found) async -> Bool {
        do {
            var identity = state.identity
            identity.externalEtcd = found.etcd
            identity.epoch = max(identity.epoch, found.epoch ?? identity.epoch)
            try identity.save(directory: stateDirectory)
            state.identity = identity
            try await role.becomeExternal()
        } catch {
            log.error("external etcd not taken", metadata: ["error": "\(error)"])
            return false
        }
        log.notice("external etcd has the store", metadata: ["etcd": "\(found.etcd)"])
        return true
    }

    // MARK: For people

    /// Why the store takes no changes.
    var problem: String {
        let places = endpoints.map(\.url.description).joined(separator: ", ")
        let problems = endpoints.map { ($0.url, $0.problem) }
        // One cause for all of them is said once.
        let isSame = Set(problems.map(\.1)).count == 1
        let causes = problems.prefix(isSame ? 1 : problems.count).compactMap { url, problem in
            problem.map { isSame ? $0 : "\(url): \($0)" }
        }
        let answers = endpoints.contains { $0.last.status != nil }
        let isRefused = endpoints.contains { $0.last.isRefused }
        let what = !answers ? "does not answer" : isRefused ? "is not used" : "has no quorum"
        return "the external etcd at \(places) \(what)"
            + (causes.isEmpty ? "" : ": " + causes.joined(separator: "; "))
    }

    var report: ExternalStore {
        ExternalStore(
            etcdCluster: state.identity.externalEtcd ?? "",
            endpoints: endpoints.map { endpoint in
                let status = endpoint.last.status
                return ExternalStore.Endpoint(
                    url: endpoint.url.description, isHealthy: endpoint.problem == nil,
                    isLeader: status.map { $0.leader == $0.header.memberID } ?? false,
                    version: status?.version ?? "",
                    databaseBytes: UInt64(max(0, status?.dbSize ?? 0)),
                    message: endpoint.problem ?? "")
            })
    }
}
