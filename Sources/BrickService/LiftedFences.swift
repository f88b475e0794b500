import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror

/// Removes the records that this node was fenced when a volume was changed, once it has seen the
/// change and its bricks follow it (decision 0043).
struct LiftedFences: Service {
    private struct Seen: Sendable {
        var key: String
        var modRevision: Int64
        var fence: StoredFence
    }

    private let store: any KeyValueStore
    private let log: Logger
    private let seen: AsyncStream<[Seen]>
    private let giver: AsyncStream<[Seen]>.Continuation

    init(store: any KeyValueStore, log: Logger) {
        self.store = store
        self.log = log
        (seen, giver) = AsyncStream.makeStream(
            of: [Seen].self, bufferingPolicy: .bufferingNewest(1))
    }

    /// To be told each view once the bricks follow it.
    func see(_ view: MirrorView, _ state: ClusterState) {
        guard view.freshness == .current, let identity = view.identity else { return }
        let prefix = identity.keys.fences(of: identity.peer)
        let lifted = view.values.below(prefix)
            .sorted { $0.key < $1.key }
            .compactMap { value -> Seen? in
                guard let fence = try? RecordCoding.decode(StoredFence.self, from: value.value),
                    Self.isOver(fence, state)
                else { return nil }
                return Seen(key: value.key, modRevision: value.modRevision, fence: fence)
            }
        if !lifted.isEmpty { giver.yield(lifted) }
    }

    /// Whether this node knows what it was fenced for.
    static func isOver(_ fence: StoredFence, _ state: ClusterState) -> Bool {
        if state.unreadableVolumes.contains(fence.volume) { return false }
        guard let volume = state.volumes[fence.volume] else { return true }
        return volume.head.generation >= fence.generation
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await fences in seen { for fence in fences { await lift(fence) } }
        }
    }

    /// A newer one of the same volume stays. Until it is gone the next view has it again.
    private func lift(_ seen: Seen) async {
        do {
            let result = try await store.txn(
                if: [.modRevision(key: seen.key, equals: seen.modRevision)],
                then: [.delete(key: seen.key)])
            guard result.succeeded else { return }
            log.notice(
                "fence is lifted",
                metadata: [
                    "volume": "\(seen.fence.name)", "generation": "\(seen.fence.generation)",
                ])
        } catch {
            log.warning(
                "fence is not lifted",
                metadata: ["volume": "\(seen.fence.name)", "error": "\(error)"])
            try? await Task.sleep(for: Limits.leftoversRetry)
            giver.yield([seen])
        }
    }
}
