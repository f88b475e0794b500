import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import Synchronization

/// gd2-store of this node, asked in such a way that nobody waits long for it.
struct LocalStore: Sendable {
    let calls: any ClusterCalls
    let store: any KeyValueStore
    let mirror: StoreMirror
    /// What it says of its etcd.
    let status: @Sendable () async throws -> StoreStatus
    var waits = Waits()
    private let writable = WritableAnswer()

    /// How long somebody is waited for; tests on a busy host take longer.
    struct Waits: Sendable {
        var read = Limits.readWait
        var probes = Limits.probesWait
        var fresh = Limits.freshWait
        var passing = Limits.passingWait
    }

    /// Throws at once when gd2-store does not answer: what is asked of it next may take long.
    func require() async throws(GD2Error) -> StoreIdentity {
        let began = ContinuousClock.now
        if let identity = await answer({ try await store.identity() }) { return identity }
        // It may answer and refuse: then it says why.
        let left = max(began + waits.read - .now, .zero)
        let said = await firstAnswer(within: left) { try? await status() }
        if let said, !said.available {
            throw GD2Error(.unavailable, "gd2-store refuses: \(said.message)")
        }
        throw GD2Error(
            .unavailable, "gd2-store does not answer: see systemctl status gd2-store")
    }

    /// Throws at once, with the reason, when the store takes no changes. What may just be starting
    /// is waited for a little: this program, gd2-store, or the view that follows it.
    func requireWritable() async throws(GD2Error) {
        let began = ContinuousClock.now
        if writable.isRecent(at: began), mirror.view.freshness == .current { return }
        let isStarting = mirror.view.freshness == .stale(age: nil)
        // What gd2-store said when it refused; an answer that comes late takes nothing of it back.
        var refused: StoreStatus?
        var patience = waits.fresh
        while true {
            let left = max(began + patience - .now, Limits.freshPoll)
            let said = await firstAnswer(within: min(left, waits.read)) { try? await status() }
            writable.take(said, at: began)
            if said?.available == true, mirror.view.freshness == .current { return }
            if let said {
                refused = said.available ? nil : said
                patience = self.patience(said, isStarting)
            }
            // Whoever does not say how the store is does not say who votes either.
            let lost = said == nil ? nil : await quorumLost()
            if !isStarting, let lost, lost.isCertain { throw Self.refusal(lost.reason) }
            guard ContinuousClock.now - began < patience, !Task.isCancelled else {
                throw Self.refusal(lost?.reason ?? Self.reason(said ?? refused))
            }
            try? await Task.sleep(for: Limits.freshPoll)
        }
    }

    /// How long a change waits for a store of which gd2-store `said` this.
    private func patience(_ said: StoreStatus, _ isStarting: Bool) -> Duration {
        if said.isPassing { return waits.passing }
        return said.available || isStarting ? waits.fresh : Limits.refusalGrace
    }

    /// That too few voters answer this node, where that is so; gd2-store itself learns it later.
    /// It is certain unless one of them may just not have been asked yet.
    private func quorumLost() async -> (reason: String, isCertain: Bool)? {
        guard let voters = await peers()?.values.filter({ $0.role == .voter }) else { return nil }
        let needed = voters.count / 2 + 1
        let own = mirror.view.identity?.peer
        let silent = voters.filter { !$0.isReachable && $0.peer != own }
        let up = voters.count - silent.count
        guard !voters.isEmpty, up < needed else { return nil }
        let isCertain = silent.allSatisfy { $0.heardAgo != nil }
        let known = ClusterNames(view: mirror.view)
        let names = silent.map { known.name(of: $0.peer) }.sorted()
        let reason =
            voters.count == 1
            ? "the only voter, \(names[0]), does not answer"
            : "\(needed) of \(voters.count) voters are needed and \(up) "
                + "\(up == 1 ? "answers" : "answer"), not \(names.joined(separator: ", "))"
        return (reason + ": see glustercli cluster status", isCertain)
    }

    private static func refusal(_ reason: String) -> GD2Error {
        GD2Error(.unavailable, "the store takes no changes now: \(reason)")
    }

    private static func reason(_ said: StoreStatus?) -> String {
        guard let said else { return "gd2-store does not answer: see systemctl status gd2-store" }
        return said.available ? "its changes do not reach gd2-rest" : said.message
    }

    /// What `ask` gives within the time of a read; throws what it throws, or that `what` took
    /// longer.
    func read<Value: Sendable>(
        _ what: String, _ ask: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let result: Result<Value, any Error>? = await firstAnswer(within: waits.read) {
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
        await firstAnswer(within: waits.read) { try? await ask() }
    }

    /// Those of `peers` that have not answered gd2-store's probes for a while: nobody waits for
    /// them.
    func silent(of peers: Set<PeerID>) async -> Set<PeerID> {
        let others = peers.subtracting([mirror.view.identity?.peer].compactMap { $0 })
        guard !others.isEmpty, let probed = await self.peers() else { return [] }
        return others.filter { peer in
            guard let seen = probed[peer], !seen.isReachable else { return false }
            // One that was never asked may answer.
            return seen.heardAgo.map { $0 >= Limits.silentAfter } ?? false
        }
    }

    /// The dry run of a change of which gd2-store says what it would do.
    func plan(
        _ change: CheckedChange, _ action: PendingChange.Action, _ object: String
    ) async throws -> DryRunInfo {
        _ = try await require()
        return DryRunInfo(changes: [
            PendingChange(action, object, try await calls.check(change))
        ])
    }

    /// As ``peers()``, when it is certain of `needed`: one that was heard a moment ago is given the
    /// time of another probe, since a probe may be lost and a busy node be late.
    func peers(certainOf needed: Set<PeerID>) async -> [PeerID: PeerState]? {
        let began = ContinuousClock.now
        while true {
            guard let probed = await peers() else { return nil }
            let isInDoubt = needed.contains { peer in
                guard let seen = probed[peer], !seen.isReachable else { return false }
                return seen.heardAgo.map { $0 < Limits.silentAfter } ?? false
            }
            guard isInDoubt, ContinuousClock.now - began < Limits.silentAfter, !Task.isCancelled
            else { return probed }
            try? await Task.sleep(for: Limits.freshPoll)
        }
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

/// That gd2-store said that changes can be made: changes in quick succession ask it once.
private final class WritableAnswer: Sendable {
    private let askedAt = Mutex<ContinuousClock.Instant?>(nil)

    func isRecent(at now: ContinuousClock.Instant) -> Bool {
        askedAt.withLock { $0.map { now - $0 < Limits.writableFor } ?? false }
    }

    func take(_ said: StoreStatus?, at now: ContinuousClock.Instant) {
        askedAt.withLock { $0 = said?.available == true ? now : nil }
    }
}
