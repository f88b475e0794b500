import GD2Error
import GlusterModel
import StoreAPI
import StoreMirror

/// gd2-store of this node, asked in such a way that nobody waits long for it.
struct LocalStore: Sendable {
    let calls: any ClusterCalls
    let store: any KeyValueStore
    let mirror: StoreMirror
    /// What it says of its etcd.
    let status: @Sendable () async throws -> StoreStatus

    /// Throws at once when gd2-store does not answer: what is asked of it next may take long.
    func require() async throws(GD2Error) -> StoreIdentity {
        if let identity = await answer({ try await store.identity() }) { return identity }
        throw GD2Error(
            .unavailable, "gd2-store does not answer: see systemctl status gd2-store")
    }

    /// What `ask` gives within the time of a read; throws what it throws, or that `what` took
    /// longer.
    func read<Value: Sendable>(
        _ what: String, _ ask: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let result: Result<Value, any Error>? = await firstAnswer(within: Limits.readWait) {
            do { return .success(try await ask()) } catch { return .failure(error) }
        }
        guard let result else {
            throw GD2Error(
                .unavailable,
                "gd2-store did not say in time \(what): see glustercli cluster status")
        }
        return try result.get()
    }

    /// What `ask` gives within the time of a read; nil when it fails or takes longer.
    func answer<Value: Sendable>(
        _ ask: @escaping @Sendable () async throws -> Value
    ) async -> Value? {
        await firstAnswer(within: Limits.readWait) { try? await ask() }
    }

    /// What gd2-store's last probes say of each peer; nil when it does not answer.
    func peers() async -> [PeerID: PeerState]? {
        guard let all = await answer({ try await calls.peers() }) else { return nil }
        return Dictionary(all.map { ($0.peer, $0) }) { first, _ in first }
    }
}

/// What `ask` gives, or nil after `limit`.
func firstAnswer<Value: Sendable>(
    within limit: Duration, _ ask: @escaping @Sendable () async -> Value?
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await ask() }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
