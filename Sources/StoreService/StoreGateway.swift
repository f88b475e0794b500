import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import LocalGRPC
import StoreAPI
import SwiftProtobuf
import Synchronization

/// What gd2-store knows of itself and of its etcd, shared by its services.
final class StoreState: Sendable {
    private struct Values {
        var identity: NodeIdentity
        var status = StoreStatus(available: false, message: "etcd has not answered yet")
    }
    private let values: Mutex<Values>

    init(identity: NodeIdentity) { values = Mutex(Values(identity: identity)) }

    var identity: NodeIdentity {
        get { values.withLock { $0.identity } }
        set { values.withLock { $0.identity = newValue } }
    }

    /// Goes on to `epoch`, with `change` in the same moment, unless it is there or further already.
    /// Whether it did.
    func advance(to epoch: Epoch, _ change: () -> Void) -> Bool {
        values.withLock { values in
            guard epoch > values.identity.epoch else { return false }
            change()
            values.identity.epoch = epoch
            return true
        }
    }

    var status: StoreStatus {
        get { values.withLock { $0.status } }
        set { values.withLock { $0.status = newValue } }
    }
}

/// gd2-store's own service: identity, status and changes.
struct StoreGateway: Gd2_Store_V1_Store.SimpleServiceProtocol {
    let watch: StoreWatch
    let access: Access
    let state: StoreState
    let schema: SchemaGuard
    let isPassing: @Sendable () async -> Bool

    func identity(
        request: Gd2_Store_V1_IdentityRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_IdentityReply {
        let identity = state.identity
        return .with {
            $0.clusterID = identity.cluster.description
            $0.peerID = identity.peer.description
            $0.epoch = identity.epoch.number
        }
    }

    func status(
        request: Gd2_Store_V1_StatusRequest, context: ServerContext
    ) async throws -> Gd2_Store_V1_StatusReply {
        var status = state.status
        status.isPassing = await isPassing()
        if let refusal = schema.refusal(of: context.localCaller) {
            (status.available, status.isPassing) = (false, false)
            status.message = refusal
        }
        let said = status
        return .with {
            $0.available = said.available
            $0.message = said.message
            $0.databaseBytes = said.databaseBytes
            $0.quotaBytes = said.quotaBytes
            $0.etcdVersion = said.etcdVersion
            $0.spaceAlarm = said.spaceAlarm
            $0.passing = said.isPassing
        }
    }

    func changes(
        request: Gd2_Store_V1_ChangesRequest, response: RPCWriter<Gd2_Store_V1_ChangeReply>,
        context: ServerContext
    ) async throws {
        let grant = try access.of(context)
        for prefix in request.prefixes {
            let range = AccessTable.KeyRange(
                start: Array(prefix.utf8), end: StoreKeys.rangeEnd(prefix))
            try refuse(grant.table.refusal(reading: range, by: grant.programs))
        }
        try await watch.follow(
            prefixes: request.prefixes, after: request.after, epoch: request.epoch
        ) { change in
            try await response.write(Gd2_Store_V1_ChangeReply(change))
        }
    }
}
