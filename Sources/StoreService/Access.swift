import EtcdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
import StoreAPI

/// Who a call is from, as far as keys go: as which programs, and of which node.
struct Access: Sendable {
    struct Grant: Sendable {
        var table: AccessTable
        var programs: Set<String>
    }

    private let grant: @Sendable (ServerContext) throws -> Grant

    /// Callers on this node's socket.
    static func local(_ table: AccessTable) -> Access {
        Access { context in Grant(table: table, programs: context.localCaller.programs) }
    }

    /// Other nodes: what any program of theirs may do, since their gd2-store has asked the rest.
    static func peers(_ keys: StoreKeys) -> Access {
        Access { context in
            let table = AccessTable(keys: keys, peer: try context.callingPeer)
            return Grant(table: table, programs: AccessTable.programsOfPeers)
        }
    }

    func of(_ context: ServerContext) throws -> Grant { try grant(context) }
}

/// A way to etcd.
protocol StoreWay: Sendable {
    typealias Transport = HTTP2ClientTransport.Posix
    var kv: Etcdserverpb_KV.Client<Transport> { get }
    var watch: Etcdserverpb_Watch.Client<Transport> { get }
    var lease: Etcdserverpb_Lease.Client<Transport> { get }

    /// Runs a call, and ends it when the way that it went leads nowhere any more.
    func calling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value

    /// Runs a stream for as long as this way leads to the same place.
    func following<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value
}

extension EtcdConnection: StoreWay {
    func calling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        do { return try await body() } catch {
            throw CallFailure.named(error, "gd2-etcd of the node that was asked")
        }
    }

    func following<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await body() }
}

extension Upstream: StoreWay {}

/// The way to etcd on which no other node is: what other nodes are served by, so that a call goes
/// through one node at most.
struct DirectWay: StoreWay {
    let upstream: Upstream

    var kv: Etcdserverpb_KV.Client<Transport> { upstream.kv }
    var watch: Etcdserverpb_Watch.Client<Transport> { upstream.watch }
    var lease: Etcdserverpb_Lease.Client<Transport> { upstream.lease }

    func calling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try check()
        return try await upstream.calling(body)
    }

    func following<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try check()
        return try await upstream.following(body)
    }

    private func check() throws {
        guard upstream.answersDirectly else {
            throw RPCError(
                code: .unavailable, message: "this node does not reach the external etcd itself")
        }
    }
}
