import EtcdAPI
import GRPCCore
import LocalGRPC
import StoreAPI

/// etcd's KV service, for what the caller may read and write.
struct KVGateway: Etcdserverpb_KV.SimpleServiceProtocol {
    let etcd: any StoreWay
    let access: Access

    func range(
        request: Etcdserverpb_RangeRequest, context: ServerContext
    ) async throws -> Etcdserverpb_RangeResponse {
        try check(reading: request, access.of(context))
        return try await etcd.calling { [etcd] in
            try await etcd.kv.range(request, options: EtcdConnection.options)
        }
    }

    func put(
        request: Etcdserverpb_PutRequest, context: ServerContext
    ) async throws -> Etcdserverpb_PutResponse {
        try check(writing: .init(start: Array(request.key), end: []), access.of(context))
        return try await etcd.calling { [etcd] in
            try await etcd.kv.put(request, options: EtcdConnection.options)
        }
    }

    func deleteRange(
        request: Etcdserverpb_DeleteRangeRequest, context: ServerContext
    ) async throws -> Etcdserverpb_DeleteRangeResponse {
        try check(
            writing: .init(start: Array(request.key), end: Array(request.rangeEnd)),
            access.of(context))
        return try await etcd.calling { [etcd] in
            try await etcd.kv.deleteRange(request, options: EtcdConnection.options)
        }
    }

    func txn(
        request: Etcdserverpb_TxnRequest, context: ServerContext
    ) async throws -> Etcdserverpb_TxnResponse {
        let grant = try access.of(context)
        for compare in request.compare {
            let range = AccessTable.KeyRange(
                start: Array(compare.key), end: Array(compare.rangeEnd))
            try refuse(grant.table.refusal(reading: range, by: grant.programs))
        }
        for operation in request.success + request.failure { try check(operation, grant) }
        return try await etcd.calling { [etcd] in
            try await etcd.kv.txn(request, options: EtcdConnection.options)
        }
    }

    func compact(
        request: Etcdserverpb_CompactionRequest, context: ServerContext
    ) async throws -> Etcdserverpb_CompactionResponse {
        throw RPCError(
            code: .permissionDenied, message: "compaction is gd2-store's own: nobody else may")
    }

    private func check(
        _ operation: Etcdserverpb_RequestOp, _ grant: Access.Grant
    ) throws {
        switch operation.request {
        case .requestRange(let range): try check(reading: range, grant)
        case .requestPut(let put):
            try check(writing: .init(start: Array(put.key), end: []), grant)
        case .requestDeleteRange(let delete):
            try check(
                writing: .init(start: Array(delete.key), end: Array(delete.rangeEnd)), grant)
        case .requestTxn, nil:
            throw RPCError(
                code: .permissionDenied, message: "a transaction within a transaction is refused")
        }
    }

    private func check(reading request: Etcdserverpb_RangeRequest, _ grant: Access.Grant) throws {
        let range = AccessTable.KeyRange(start: Array(request.key), end: Array(request.rangeEnd))
        try refuse(grant.table.refusal(reading: range, by: grant.programs))
    }

    private func check(writing range: AccessTable.KeyRange, _ grant: Access.Grant) throws {
        try refuse(grant.table.refusal(writing: range, by: grant.programs))
    }
}

/// Throws PERMISSION_DENIED with `refusal`, when there is one.
func refuse(_ refusal: String?) throws {
    if let refusal { throw RPCError(code: .permissionDenied, message: refusal) }
}
