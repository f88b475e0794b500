import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import StoreAPI
import SwiftProtobuf

/// What a node's one watch follows.
protocol WatchSource: Sendable {
    func current(after: Int64, epoch: UInt64) async throws -> Int64
    var isReached: Bool { get async }
    func watch(
        after: Int64, epoch: UInt64, _ body: @escaping @Sendable ([Change]) async throws -> Void
    ) async throws
    func makeEvent() async throws
}

/// etcd's own watch of all that the cluster has.
struct StoreSource: WatchSource {
    let upstream: Upstream
    let state: StoreState

    /// Where the store is now; throws when `epoch` is not the present one, or `after` is not
    /// reached.
    func current(after: Int64, epoch: UInt64) async throws -> Int64 {
        try await upstream.checkLooked()
        let keys = state.identity.store.keys
        let reply = try await upstream.kv.range(
            .with { $0.key = Data(keys.epoch.utf8) }, options: EtcdConnection.options)
        try upstream.check(found: reply.kvs.first?.value)
        try check(epoch)
        // etcd lost its data: what the caller knows is of another past.
        guard after <= reply.header.revision else {
            throw RPCError(
                code: .outOfRange, message: "revision \(after) is not reached here: list anew")
        }
        return reply.header.revision
    }

    /// Whether there is a way to the store now.
    var isReached: Bool { get async { await upstream.answersNow } }

    /// Calls `body` with the changes after a revision, in order, the last of each call empty where
    /// the watch has come further, and with none when the watch is open; ends only by throwing.
    func watch(
        after: Int64, epoch: UInt64, _ body: @escaping @Sendable ([Change]) async throws -> Void
    ) async throws {
        let keys = state.identity.store.keys
        try await upstream.following { [self] in
            try await upstream.watch.watch(options: EtcdConnection.streamOptions) { writer in
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
                for try await answer in answers.messages {
                    if answer.canceled { throw Self.canceled(answer) }
                    try check(epoch)
                    try await body(answer.created ? [] : Self.changes(in: answer, after: after))
                }
            }
        }
        throw RPCError(code: .unavailable, message: "etcd ended the watch")
    }

    /// Writes what this node's `alive/<peer>` says already.
    func makeEvent() async throws {
        let key = state.identity.store.keys.alive(state.identity.peer)
        _ = try await upstream.kv.put(
            .with {
                $0.key = Data(key.utf8)
                $0.ignoreValue = true
                $0.ignoreLease = true
            }, options: EtcdConnection.options)
    }

    func check(_ epoch: UInt64) throws {
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

    /// One change a revision.
    private static func changes(
        in answer: Etcdserverpb_WatchResponse, after: Int64
    ) -> [Change] {
        var changes: [Change] = []
        for event in answer.events {
            if changes.last?.revision != event.kv.modRevision {
                changes.append(Change(revision: event.kv.modRevision, puts: [], deletes: []))
            }
            switch event.type {
            case .put: changes[changes.count - 1].puts.append(KeyValue(event.kv))
            case .delete:
                changes[changes.count - 1].deletes.append(
                    String(decoding: event.kv.key, as: UTF8.self))
            case .UNRECOGNIZED: break
            }
        }
        // Without events it is a progress notice: everything up to its revision has been sent.
        if answer.events.isEmpty, answer.header.revision > after {
            changes.append(Change(revision: answer.header.revision, puts: [], deletes: []))
        }
        return changes
    }
}
