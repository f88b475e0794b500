import EtcdAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import GlusterModel
import StoreAPI
import SwiftProtobuf

/// The store as gd2-store's own mirror and keepers use it.
struct UpstreamStore: KeyValueStore {
    let upstream: Upstream
    let state: StoreState
    let following: StoreWatch
    /// Refuses changes while this build may not work with the store; nil for what may all the same.
    var schema: SchemaGuard?

    func identity() async throws -> StoreIdentity { state.identity.store }

    func list(prefix: String) async throws -> RangeResult {
        var request = Etcdserverpb_RangeRequest()
        request.key = Data(prefix.utf8)
        request.rangeEnd = Data(StoreKeys.rangeEnd(prefix))
        request.limit = StoreAPI.Limits.rangePageKeys
        var values: [KeyValue] = []
        while true {
            let page = request
            let reply = try await Self.translating {
                try await upstream.checkLooked()
                return try await upstream.kv.range(page, options: EtcdConnection.options)
            }
            if request.revision == 0 { request.revision = reply.header.revision }
            values += reply.kvs.map(KeyValue.init)
            guard reply.more, let last = reply.kvs.last else { break }
            request.key = last.key + [0]
        }
        return RangeResult(values: values, revision: request.revision)
    }

    func get(_ key: String) async throws -> KeyValue? {
        let reply = try await Self.translating {
            try await upstream.checkLooked()
            return try await upstream.kv.range(
                .with { $0.key = Data(key.utf8) }, options: EtcdConnection.options)
        }
        return reply.kvs.first.map(KeyValue.init)
    }

    func txn(
        if conditions: [Compare], then operations: [StoreAPI.Operation]
    ) async throws -> TxnResult {
        if let refusal = schema?.refusal { throw GD2Error(.conflict, refusal) }
        var request = Etcdserverpb_TxnRequest()
        request.compare = conditions.map(Etcdserverpb_Compare.init)
        request.success = operations.map(Etcdserverpb_RequestOp.init)
        let asked = request
        let reply = try await Self.translating {
            try await upstream.checkLooked()
            return try await upstream.kv.txn(asked, options: EtcdConnection.options)
        }
        return TxnResult(succeeded: reply.succeeded, revision: reply.header.revision)
    }

    func put(_ key: String, _ value: some Encodable) async throws {
        let bytes = try RecordCoding.encode(value)
        _ = try await txn(if: [], then: [.put(key: key, value: bytes)])
    }

    func watch(
        prefixes: [String], after revision: Int64,
        _ body: @Sendable (Change) async throws -> Void
    ) async throws {
        let epoch = state.identity.epoch.number
        try await Self.translating {
            try await withoutActuallyEscaping(body) { body in
                try await following.follow(
                    prefixes: prefixes, after: revision, epoch: epoch, body)
            }
        }
        throw StoreError.unavailable("the watch has ended")
    }

    func grantLease(ttl: Duration) async throws -> Int64 {
        try await Self.translating {
            try await upstream.lease.leaseGrant(
                .with { $0.ttl = max(1, ttl.components.seconds) }, options: EtcdConnection.options
            ).id
        }
    }

    func keepAlive(lease: Int64) async throws {
        while true {
            let left = try await Self.translating { try await renew(lease) }
            guard left > 0 else { throw StoreError.unavailable("lease \(lease) has ended") }
            try await Task.sleep(for: .milliseconds(max(200, left * 1_000 / 3)))
        }
    }

    /// Seconds that the lease now lives; 0 when it is gone.
    func renew(_ lease: Int64) async throws -> Int64 {
        try await upstream.lease.leaseKeepAlive(options: EtcdConnection.options) { writer in
            try await writer.write(.with { $0.id = lease })
        } onResponse: { response in
            for try await message in response.messages { return message.ttl }
            return 0
        }
    }

    func revokeLease(_ lease: Int64) async throws {
        _ = try await Self.translating {
            try await upstream.lease.leaseRevoke(
                .with { $0.id = lease }, options: EtcdConnection.options)
        }
    }

    private static func translating<Value>(
        _ call: () async throws -> Value
    ) async throws -> Value {
        do { return try await call() } catch let error as RPCError { throw StoreError(error) }
    }
}
