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

    var status: StoreStatus {
        get { values.withLock { $0.status } }
        set { values.withLock { $0.status = newValue } }
    }
}

/// gd2-store's own service: identity, status and changes.
struct StoreGateway: Gd2_Store_V1_Store.SimpleServiceProtocol {
    let etcd: EtcdConnection
    let table: AccessTable
    let state: StoreState

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
        let status = state.status
        return .with {
            $0.available = status.available
            $0.message = status.message
            $0.databaseBytes = status.databaseBytes
            $0.quotaBytes = status.quotaBytes
            $0.etcdVersion = status.etcdVersion
            $0.spaceAlarm = status.spaceAlarm
        }
    }

    func changes(
        request: Gd2_Store_V1_ChangesRequest, response: RPCWriter<Gd2_Store_V1_ChangeReply>,
        context: ServerContext
    ) async throws {
        for prefix in request.prefixes {
            let range = AccessTable.KeyRange(
                start: Array(prefix.utf8), end: StoreKeys.rangeEnd(prefix))
            try refuse(table.refusal(reading: range, by: context.localCaller.programs))
        }
        let keys = state.identity.store.keys
        let current = try await etcd.kv.range(
            .with { $0.key = Data(keys.epoch.utf8) }, options: EtcdConnection.options)
        try check(epoch: request.epoch)
        let after = request.after
        // etcd lost its data: what the caller knows is of another past.
        guard after <= current.header.revision else {
            throw RPCError(
                code: .outOfRange,
                message: "revision \(after) is not reached here: list anew")
        }
        try await etcd.watch.watch(options: EtcdConnection.streamOptions) { writer in
            try await writer.write(
                .with { request in
                    request.createRequest = .with {
                        $0.key = Data(keys.prefix.utf8)
                        $0.rangeEnd = Data(StoreKeys.rangeEnd(keys.prefix))
                        $0.startRevision = after + 1
                        $0.progressNotify = true
                    }
                })
            // The request side stays open as long as the watch: etcd ends it by its answers.
            try await Task.sleep(for: .seconds(3_600 * 24 * 365))
        } onResponse: { answers in
            if after >= current.header.revision {
                try await response.write(.with { $0.revision = after })
            }
            for try await answer in answers.messages {
                if answer.canceled { throw Self.canceled(answer) }
                try check(epoch: request.epoch)
                for change in Self.changes(in: answer, below: request.prefixes, after: after) {
                    try await response.write(Gd2_Store_V1_ChangeReply(change))
                }
            }
        }
    }

    private func check(epoch: UInt64) throws {
        let current = state.identity.epoch.number
        guard epoch == current else {
            throw RPCError(
                code: .aborted, message: "the epoch is \(current), not \(epoch): list anew")
        }
    }

    private static func canceled(_ answer: Etcdserverpb_WatchResponse) -> RPCError {
        if answer.compactRevision > 0 {
            return RPCError(
                code: .outOfRange, message: "compacted up to revision \(answer.compactRevision)")
        }
        return RPCError(code: .unavailable, message: "etcd ended the watch: \(answer.cancelReason)")
    }

    /// One change a revision; an empty one when nothing of the last revision is below `prefixes`.
    private static func changes(
        in answer: Etcdserverpb_WatchResponse, below prefixes: [String], after: Int64
    ) -> [Change] {
        guard !answer.created else { return [] }
        var changes: [Change] = []
        for event in answer.events {
            let key = String(decoding: event.kv.key, as: UTF8.self)
            guard prefixes.contains(where: { key.hasPrefix($0) }) else { continue }
            if changes.last?.revision != event.kv.modRevision {
                changes.append(Change(revision: event.kv.modRevision, puts: [], deletes: []))
            }
            switch event.type {
            case .put: changes[changes.count - 1].puts.append(KeyValue(event.kv))
            case .delete: changes[changes.count - 1].deletes.append(key)
            case .UNRECOGNIZED: break
            }
        }
        // Without events it is a progress notice: everything up to its revision has been sent.
        let reached = answer.events.last?.kv.modRevision ?? answer.header.revision
        if reached > max(after, changes.last?.revision ?? 0) {
            changes.append(Change(revision: reached, puts: [], deletes: []))
        }
        return changes
    }
}
