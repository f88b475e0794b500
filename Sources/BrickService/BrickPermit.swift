import GlusterModel
import Logging
import StoreAPI

/// Keeps a copy of another machine from starting that one's bricks, as far as this node's gd2-store
/// says in time that it is one (decision 0035). Whoever cannot ask starts them all the same, and
/// what runs is never stopped for it.
struct BrickPermit: Sendable {
    /// Asks gd2-store who this node is; it refuses with `StoreError.denied` on such a copy, and has
    /// no other reason to refuse root.
    let ask: @Sendable () async throws -> StoreIdentity
    let log: Logger
    var patience = Limits.permitWait
    var retry = Limits.permitRetry

    private enum Answer: Sendable {
        case permitted
        case refused(String)
        case none
    }

    /// Returns when bricks may be started, or when the task is cancelled.
    func wait() async {
        guard case .refused(let why) = await firstAnswer() else { return }
        log.error("bricks not started", metadata: ["error": "\(why)"])
        while !Task.isCancelled {
            try? await Task.sleep(for: retry)
            if case .permitted = await answer() { break }
        }
        log.notice("bricks are started after all")
    }

    /// `none` when gd2-store says nothing for as long as it is waited for.
    private func firstAnswer() async -> Answer {
        await withTaskGroup(of: Answer.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    let answer = await answer()
                    if case .none = answer {
                        try? await Task.sleep(for: retry)
                        continue
                    }
                    return answer
                }
                return .none
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return .none
            }
            defer { group.cancelAll() }
            return await group.next() ?? .none
        }
    }

    private func answer() async -> Answer {
        do {
            _ = try await ask()
            return .permitted
        } catch StoreError.denied(let why) {
            return .refused(why)
        } catch { return .none }
    }
}
