import Daemon
import GlusterModel
import Logging
import ServiceLifecycle
import StoreAPI
import StoreMirror
import Transaction

/// Cleans up what transactions left to this node while it was away, and says so by removing their
/// records; again and again until it is done.
struct Leftovers: Service {
    private let store: any KeyValueStore
    private let mirror: StoreMirror
    private let steps: StepRunner
    private let log: Logger
    private let views: AsyncStream<MirrorView>
    private let giver: AsyncStream<MirrorView>.Continuation

    init(store: any KeyValueStore, mirror: StoreMirror, steps: StepRunner, log: Logger) {
        self.store = store
        self.mirror = mirror
        self.steps = steps
        self.log = log
        (views, giver) = AsyncStream.makeStream(
            of: MirrorView.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Those of `peer`, in the order of their keys; what this version cannot read is a later one's.
    static func of(_ peer: PeerID, in view: MirrorView) -> [Leftover] {
        guard let prefix = view.identity?.keys.leftovers(of: peer) else { return [] }
        return view.values.below(prefix)
            .sorted { $0.key < $1.key }
            .compactMap { try? RecordCoding.decode(Leftover.self, from: $0.value) }
            .filter { $0.peer == peer }
    }

    /// To be told each view once the bricks follow it: a volume that it has no more has to have no
    /// process either.
    func see(_ view: MirrorView) {
        // An old view may have what is done by now; it would only be done in vain.
        guard view.freshness == .current else { return }
        giver.yield(view)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await view in views { await clean(view) }
        }
    }

    private func clean(_ view: MirrorView) async {
        guard let identity = view.identity else { return }
        let left = Self.of(identity.peer, in: view)
        guard !left.isEmpty else { return }
        var isDone = true
        for leftover in left {
            do {
                try await steps.clean(leftover)
                FailPoint.pass("brickd-left-cleaned")
                let key = identity.keys.leftover(
                    leftover.transaction, step: leftover.number, of: identity.peer)
                _ = try await store.txn(if: [], then: [.delete(key: key)])
            } catch {
                isDone = false
                log.warning(
                    "left step is not cleaned up",
                    metadata: [
                        "txn": "\(leftover.transaction)",
                        "volume": "\(leftover.step.arguments.name)",
                        "error": "\(error)",
                    ])
            }
        }
        guard !isDone else { return }
        do { try await Task.sleep(for: Limits.leftoversRetry) } catch { return }
        see(mirror.view)
    }
}
