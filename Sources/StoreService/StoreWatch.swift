import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import StoreAPI
import SwiftProtobuf

/// Follows the store's changes, a whole revision at a time.
struct StoreWatch: Sendable {
    let upstream: Upstream
    let state: StoreState

    /// Calls `body` with each change below `prefixes` after a revision; ends only by throwing.
    func follow(
        prefixes: [String], after: Int64, epoch: UInt64,
        _ body: @escaping @Sendable (Change) async throws -> Void
    ) async throws {
        let keys = state.identity.store.keys
        let current = try await upstream.kv.range(
            .with { $0.key = Data(keys.epoch.utf8) }, options: EtcdConnection.options)
        try check(epoch)
        // etcd lost its data: what the caller knows is of another past.
        guard after <= current.header.revision else {
            throw RPCError(
                code: .outOfRange, message: "revision \(after) is not reached here: list anew")
        }
        let target = current.header.revision
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
                if after >= target {
                    try await body(Change(revision: after, puts: [], deletes: []))
                }
                for try await answer in answers.messages {
                    if answer.canceled { throw Self.canceled(answer) }
                    try check(epoch)
                    for change in Self.changes(in: answer, below: prefixes, after: after) {
                        try await body(change)
                    }
                }
            }
        }
    }

    private func check(_ epoch: UInt64) throws {
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
