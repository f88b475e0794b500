import EtcdAPI
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
public import ServiceLifecycle
public import StoreSchema
import SwiftProtobuf

/// The store over gd2-store's Unix socket. ``run()`` keeps the connection; every call before that,
/// or while gd2-store is away, waits up to its time limit and then says `.unavailable`.
public struct StoreClient: KeyValueStore, Service {
    private let local: LocalClient
    private let timeout: Duration

    typealias Transport = HTTP2ClientTransport.Posix

    /// For the other services on the same socket.
    var grpc: GRPCClient<Transport> { local.client }

    /// `caller` is who calls; `timeout` is that of each unary call.
    public init(
        path: String, caller: CallerBuild, timeout: Duration = .seconds(5)
    ) throws {
        local = try LocalClient(path: path, build: caller.description)
        self.timeout = timeout
    }

    /// Keeps the connection until the task is cancelled or is to stop.
    public func run() async throws { try await local.run() }

    private var options: CallOptions { LocalClient.options(timeout: timeout, wait: true) }
    private var kv: Etcdserverpb_KV.Client<Transport> { .init(wrapping: local.client) }
    private var leases: Etcdserverpb_Lease.Client<Transport> { .init(wrapping: local.client) }
    private var store: Gd2_Store_V1_Store.Client<Transport> { .init(wrapping: local.client) }

    public func identity() async throws -> StoreIdentity {
        let reply = try await Self.translating {
            try await store.identity(.init(), options: options)
        }
        guard let cluster = ClusterID(reply.clusterID), let peer = PeerID(reply.peerID) else {
            throw StoreError.invalid("gd2-store gave no cluster id")
        }
        return StoreIdentity(cluster: cluster, peer: peer, epoch: Epoch(reply.epoch))
    }

    /// What gd2-store says of etcd: a text for the operator, and whether changes are possible.
    public func status() async throws -> StoreStatus {
        let reply = try await Self.translating {
            try await store.status(.init(), options: options)
        }
        return StoreStatus(
            available: reply.available, message: reply.message, etcdVersion: reply.etcdVersion,
            databaseBytes: reply.databaseBytes, quotaBytes: reply.quotaBytes,
            spaceAlarm: reply.spaceAlarm, isPassing: reply.passing)
    }

    public func list(prefix: String) async throws -> RangeResult {
        var request = Etcdserverpb_RangeRequest()
        request.key = Data(prefix.utf8)
        request.rangeEnd = Data(StoreKeys.rangeEnd(prefix))
        request.limit = Limits.rangePageKeys
        var values: [KeyValue] = []
        while true {
            let page = request
            let reply = try await Self.translating { try await kv.range(page, options: options) }
            // The following pages are read at the first one's revision.
            if request.revision == 0 { request.revision = reply.header.revision }
            values += reply.kvs.map(KeyValue.init)
            guard reply.more, let last = reply.kvs.last else { break }
            request.key = last.key + [0]
        }
        return RangeResult(values: values, revision: request.revision)
    }

    public func get(_ key: String) async throws -> KeyValue? {
        var request = Etcdserverpb_RangeRequest()
        request.key = Data(key.utf8)
        let asked = request
        let reply = try await Self.translating { try await kv.range(asked, options: options) }
        return reply.kvs.first.map(KeyValue.init)
    }

    public func txn(
        if conditions: [Compare], then operations: [Operation]
    ) async throws -> TxnResult {
        guard operations.count <= Limits.txnOperationsMax else {
            throw StoreError.invalid("\(operations.count) operations in one transaction")
        }
        var request = Etcdserverpb_TxnRequest()
        request.compare = conditions.map(Etcdserverpb_Compare.init)
        request.success = operations.map(Etcdserverpb_RequestOp.init)
        let asked = request
        let reply = try await Self.translating { try await kv.txn(asked, options: options) }
        return TxnResult(succeeded: reply.succeeded, revision: reply.header.revision)
    }

    public func watch(
        prefixes: [String], after revision: Int64,
        _ body: @Sendable (Change) async throws -> Void
    ) async throws {
        var request = Gd2_Store_V1_ChangesRequest()
        request.prefixes = prefixes
        request.after = revision
        request.epoch = try await identity().epoch.number
        var options = options
        options.timeout = nil
        let (asked, given) = (request, options)
        try await Self.translating {
            try await withoutActuallyEscaping(body) { body in
                try await store.changes(asked, options: given) { response in
                    for try await message in response.messages {
                        try await body(Change(message))
                    }
                }
            }
        }
        throw StoreError.unavailable("gd2-store ended the watch")
    }

    public func grantLease(ttl: Duration) async throws -> Int64 {
        var request = Etcdserverpb_LeaseGrantRequest()
        request.ttl = max(1, ttl.components.seconds)
        let asked = request
        let reply = try await Self.translating {
            try await leases.leaseGrant(asked, options: options)
        }
        return reply.id
    }

    public func keepAlive(lease: Int64) async throws {
        while true {
            let left = try await Self.translating { try await renew(lease) }
            guard left > 0 else { throw StoreError.unavailable("lease \(lease) has ended") }
            try await Task.sleep(for: .milliseconds(max(200, left * 1_000 / 3)))
        }
    }

    /// Seconds that the lease now lives; 0 when it is gone.
    private func renew(_ lease: Int64) async throws -> Int64 {
        try await leases.leaseKeepAlive(options: options) { writer in
            try await writer.write(.with { $0.id = lease })
        } onResponse: { response in
            for try await message in response.messages { return message.ttl }
            return 0
        }
    }

    public func revokeLease(_ lease: Int64) async throws {
        _ = try await Self.translating {
            try await leases.leaseRevoke(.with { $0.id = lease }, options: options)
        }
    }

    private static func translating<Value>(
        _ call: () async throws -> Value
    ) async throws -> Value {
        do { return try await call() } catch let error as RPCError { throw StoreError(error) }
    }
}

/// What gd2-store says of its etcd.
public struct StoreStatus: Hashable, Sendable {
    public var available: Bool
    public var message: String
    public var etcdVersion: String
    public var databaseBytes: UInt64
    public var quotaBytes: UInt64
    public var spaceAlarm: Bool
    /// What keeps changes off, if anything does, is expected to pass within seconds.
    public var isPassing: Bool

    public init(
        available: Bool, message: String, etcdVersion: String = "", databaseBytes: UInt64 = 0,
        quotaBytes: UInt64 = 0, spaceAlarm: Bool = false, isPassing: Bool = false
    ) {
        self.available = available
        self.message = message
        self.etcdVersion = etcdVersion
        self.databaseBytes = databaseBytes
        self.quotaBytes = quotaBytes
        self.spaceAlarm = spaceAlarm
        self.isPassing = isPassing
    }
}
