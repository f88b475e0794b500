import EtcdAPI
import GRPCCore
import LocalGRPC
import SwiftProtobuf

/// etcd's Watch service, for what the caller's program may read.
struct WatchGateway: Etcdserverpb_Watch.SimpleServiceProtocol {
    let etcd: any StoreWay
    let access: Access

    func watch(
        request: RPCAsyncSequence<Etcdserverpb_WatchRequest, any Error>,
        response: RPCWriter<Etcdserverpb_WatchResponse>, context: ServerContext
    ) async throws {
        let grant = try access.of(context)
        try await etcd.following { [etcd] in
            try await etcd.watch.watch(options: EtcdConnection.streamOptions) { writer in
                for try await message in request {
                    if case .createRequest(let create) = message.requestUnion {
                        let range = AccessTable.KeyRange(
                            start: Array(create.key), end: Array(create.rangeEnd))
                        try refuse(grant.table.refusal(reading: range, by: grant.programs))
                    }
                    try await writer.write(message)
                }
            } onResponse: { answers in
                for try await message in answers.messages { try await response.write(message) }
            }
        }
    }
}

/// etcd's Lease service, for programs that hold locks.
struct LeaseGateway: Etcdserverpb_Lease.SimpleServiceProtocol {
    let etcd: any StoreWay
    let access: Access

    func leaseGrant(
        request: Etcdserverpb_LeaseGrantRequest, context: ServerContext
    ) async throws -> Etcdserverpb_LeaseGrantResponse {
        try check(context)
        return try await etcd.calling { [etcd] in
            try await etcd.lease.leaseGrant(request, options: EtcdConnection.options)
        }
    }

    func leaseRevoke(
        request: Etcdserverpb_LeaseRevokeRequest, context: ServerContext
    ) async throws -> Etcdserverpb_LeaseRevokeResponse {
        try check(context)
        return try await etcd.calling { [etcd] in
            try await etcd.lease.leaseRevoke(request, options: EtcdConnection.options)
        }
    }

    func leaseTimeToLive(
        request: Etcdserverpb_LeaseTimeToLiveRequest, context: ServerContext
    ) async throws -> Etcdserverpb_LeaseTimeToLiveResponse {
        try check(context)
        guard !request.keys else {
            throw RPCError(
                code: .permissionDenied, message: "the keys of a lease are not shown here")
        }
        return try await etcd.calling { [etcd] in
            try await etcd.lease.leaseTimeToLive(request, options: EtcdConnection.options)
        }
    }

    func leaseKeepAlive(
        request: RPCAsyncSequence<Etcdserverpb_LeaseKeepAliveRequest, any Error>,
        response: RPCWriter<Etcdserverpb_LeaseKeepAliveResponse>, context: ServerContext
    ) async throws {
        try check(context)
        try await etcd.following { [etcd] in
            try await etcd.lease.leaseKeepAlive(options: EtcdConnection.streamOptions) { writer in
                for try await message in request { try await writer.write(message) }
            } onResponse: { answers in
                for try await message in answers.messages { try await response.write(message) }
            }
        }
    }

    private func check(_ context: ServerContext) throws {
        let grant = try access.of(context)
        guard grant.table.mayGrantLeases(grant.programs) else {
            let who = grant.programs.sorted().joined(separator: ", ")
            throw RPCError(code: .permissionDenied, message: "\(who) may not use leases")
        }
    }
}
