import EtcdAPI
import GRPCCore
import LocalGRPC
import StoreAPI

/// etcd's KV service, for what the caller's program may read and write.
struct KVGateway: Etcdserverpb_KV.SimpleServiceProtocol {
    let etcd: EtcdConnection
    let table: AccessTable

    func range(
        request: Etcdserverpb_RangeRequest, context: ServerContext
    ) async throws -> Etcdserverpb_RangeResponse {
        try check(reading: request, context)
        return try await etcd.kv.range(request, options: EtcdConnection.options)
    }

    func put(
        request: Etcdserverpb_PutRequest, context: ServerContext
    ) async throws -> Etcdserverpb_PutResponse {
        try check(writing: .init(start: Array(request.key), end: []), context)
        return try await etcd.kv.put(request, options: EtcdConnection.options)
    }

    func deleteRange(
        request: Etcdserverpb_DeleteRangeRequest, context: ServerContext
    ) async throws -> Etcdserverpb_DeleteRangeResponse {
        try check(
            writing: .init(start: Array(request.key), end: Array(request.rangeEnd)), context)
        return try await etcd.kv.deleteRange(request, options: EtcdConnection.options)
    }

    func txn(
        request: Etcdserverpb_TxnRequest, context: ServerContext
    ) async throws -> Etcdserverpb_TxnResponse {
        for compare in request.compare {
            let range = AccessTable.KeyRange(
                start: Array(compare.key), end: Array(compare.rangeEnd))
            try refuse(table.refusal(reading: range, by: context.localCaller.programs))
        }
        for operation in request.success + request.failure { try check(operation, context) }
        return try await etcd.kv.txn(request, options: EtcdConnection.options)
    }

    func compact(
        request: Etcdserverpb_CompactionRequest, context: ServerContext
    ) async throws -> Etcdserverpb_CompactionResponse {
        throw RPCError(
            code: .permissionDenied, message: "compaction is gd2-store's own: nobody else may")
    }

    private func check(
        _ operation: Etcdserverpb_RequestOp, _ context: ServerContext
    ) throws {
        switch operation.request {
        case .requestRange(let range): try check(reading: range, context)
        case .requestPut(let put):
            try check(writing: .init(start: Array(put.key), end: []), context)
        case .requestDeleteRange(let delete):
            try check(
                writing: .init(start: Array(delete.key), end: Array(delete.rangeEnd)), context)
        case .requestTxn, nil:
            throw RPCError(
                code: .permissionDenied, message: "a transaction within a transaction is refused")
        }
    }

    private func check(
        reading request: Etcdserverpb_RangeRequest, _ context: ServerContext
    ) throws {
        let range = AccessTable.KeyRange(start: Array(request.key), end: Array(request.rangeEnd))
        try refuse(table.refusal(reading: range, by: context.localCaller.programs))
    }

    private func check(
        writing range: AccessTable.KeyRange, _ context: ServerContext
    ) throws {
        try refuse(table.refusal(writing: range, by: context.localCaller.programs))
    }
}

/// Throws PERMISSION_DENIED with `refusal`, when there is one.
func refuse(_ refusal: String?) throws {
    if let refusal { throw RPCError(code: .permissionDenied, message: refusal) }
}
