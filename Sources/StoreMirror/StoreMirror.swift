import EventLoopTasks
public import Logging
public import ServiceLifecycle
public import StoreAPI
import Synchronization

/// Keeps a ``MirrorView`` of some prefixes: loads the last one from its file, follows the store
/// from there, lists anew after a compaction or another epoch, writes the file after changes, and
/// never gives up.
public final class StoreMirror: Service {
    private struct State {
        var view: MirrorView
        var subscribers: [Int: Subscriber] = [:]
        var subscriberNext = 0
        var waiters: [Int: Waiter] = [:]
        var waiterNext = 0
        /// The store's revision when the watch was opened: until it is reached the view is stale.
        var target: Int64 = 0
        /// When the watch was last known to have caught up, in this run.
        var currentAt: ContinuousClock.Instant?
        /// Whether its loss was logged, so that its return is too.
        var isLost = false
    }

    private struct Subscriber {
        var views: AsyncStream<MirrorView>.Continuation
        /// Whether a view that only has a higher revision is of interest.
        var wantsRevisions: Bool
    }

    private struct Waiter {
        var condition: @Sendable (MirrorView) -> Bool
        var found: CheckedContinuation<MirrorView, any Error>
        var end: LoopTimer
    }

    private let store: any KeyValueStore
    private let prefixes: @Sendable (StoreKeys) -> [String]
    private let file: ViewFile
    private let log: Logger
    private let clock = ContinuousClock()
    private let state: Mutex<State>

    /// `stateFile` holds the last view; a damaged or missing one is as none.
    public init(
        store: any KeyValueStore, prefixes: @escaping @Sendable (StoreKeys) -> [String],
        stateFile: String, log: Logger
    ) {
        self.store = store
        self.prefixes = prefixes
        self.log = log
        file = ViewFile(path: stateFile, prefixes: prefixes)
        var view = MirrorView()
        do { view = try file.load() ?? view } catch {
            log.warning(
                "last view not readable", metadata: ["file": "\(stateFile)", "error": "\(error)"])
        }
        state = Mutex(State(view: view))
    }

    /// The newest view; its age counts on while the store is away.
    public var view: MirrorView {
        state.withLock { state in
            var view = state.view
            if view.freshness != .current {
                view.freshness = .stale(age: state.currentAt.map { clock.now - $0 })
            }
            return view
        }
    }

    /// Whether the store is followed now and was ever since a view that was current and had this
    /// many ``MirrorView/losses``.
    public func isCurrent(losses: Int) -> Bool {
        state.withLock { $0.view.freshness == .current && $0.view.losses == losses }
    }

    /// The present view, then every newer one that says something else: that a revision changed
    /// nothing here is not told. A slow reader misses those between.
    public func changes() -> AsyncStream<MirrorView> { views(wantsRevisions: false) }

    /// As ``changes()``, and those that have a higher revision and nothing else.
    public func views() -> AsyncStream<MirrorView> { views(wantsRevisions: true) }

    private func views(wantsRevisions: Bool) -> AsyncStream<MirrorView> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: MirrorView.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.subscriberNext += 1
            state.subscribers[state.subscriberNext] = Subscriber(
                views: continuation, wantsRevisions: wantsRevisions)
            continuation.yield(state.view)  // Nobody reads yet: it wakes no task.
            return state.subscriberNext
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.subscribers[id] = nil }
        }
        return stream
    }

    /// The first view that has `revision`; throws `StoreError.timedOut` after `timeout`.
    public func wait(for revision: Int64, timeout: Duration) async throws -> MirrorView {
        try await first(timeout: timeout) { $0.revision >= revision }
    }

    /// The first view that `condition` holds for; throws `StoreError.timedOut` after `timeout`.
    public func first(
        timeout: Duration, where condition: @escaping @Sendable (MirrorView) -> Bool
    ) async throws -> MirrorView {
        let now = view
        if condition(now) { return now }
        let id = state.withLock { state in
            state.waiterNext += 1
            return state.waiterNext
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { found in
                state.withLock { state in
                    let end = LoopTimer(after: timeout) {
                        self.wake(id, with: .failure(StoreError.timedOut))
                    }
                    state.waiters[id] = Waiter(condition: condition, found: found, end: end)
                }
                // What came before there was anything to wake.
                let now = view
                if condition(now) { wake(id, with: .success(now)) }
                if Task.isCancelled { wake(id, with: .failure(CancellationError())) }
            }
        } onCancel: {
            wake(id, with: .failure(CancellationError()))
        }
    }

    /// Once: who was woken does not wait any more.
    private func wake(_ id: Int, with result: Result<MirrorView, any Error>) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.end.cancel()
        waiter?.found.resume(with: result)
    }

    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await self.persistChanges() }
                group.addTask { await onEventLoop { await self.followForEver() } }
            }
        }
        save(view)
    }

    private func followForEver() async {
        var pauseMs = Limits.retryMinMs
        while !Task.isCancelled {
            let began = clock.now
            do { try await follow() } catch { lost(error) }
            if clock.now - began > .seconds(5) { pauseMs = Limits.retryMinMs }
            do { try await Task.sleep(for: .milliseconds(pauseMs)) } catch { return }
            pauseMs = min(pauseMs * 2, Limits.retryMaxMs)
        }
    }

    /// Follows the store until the watch ends, which it always does by throwing.
    private func follow() async throws {
        let identity = try await store.identity()
        // Known before there is a way to the store.
        state.withLock { state in
            let known = state.view.identity?.epoch ?? identity.epoch
            state.view.laterEpoch = identity.epoch > known ? identity.epoch : nil
        }
        let target = try await store.list(prefix: identity.keys.epoch).revision
        let known = state.withLock { state in
            state.target = target
            return state.view
        }
        if known.identity != identity || known.revision == 0 { try await listAnew(identity) }
        let from = state.withLock { $0.view.revision }
        do {
            try await store.watch(prefixes: prefixes(identity.keys), after: from) { change in
                self.apply(change)
            }
        } catch let error as StoreError {
            switch error {
            case .compacted, .epochChanged: try await listAnew(try await store.identity())
            case .unavailable, .timedOut, .denied, .invalid: throw error
            }
        }
    }

    private func listAnew(_ identity: StoreIdentity) async throws {
        var values = MirroredValues()
        var revision: Int64?
        for prefix in prefixes(identity.keys) {
            let range = try await store.list(prefix: prefix)
            for value in range.values { values[value.key] = value }
            // The watch begins at the oldest of the revisions and repeats what is already known.
            revision = min(revision ?? range.revision, range.revision)
        }
        let listed = MirrorView(
            identity: identity, revision: revision ?? 0, values: values,
            freshness: .stale(age: .zero))
        publish(changed: nil) { $0 = listed }
        log.info(
            "store listed",
            metadata: ["keys": "\(values.count)", "store.revision": "\(listed.revision)"])
    }

    private func apply(_ change: Change) {
        publish(changed: change.puts.map(\.key) + change.deletes) { view in
            // A list may be newer than where the watch began: what it repeats changes nothing.
            for key in change.deletes where view.values[key]?.modRevision ?? 0 <= change.revision {
                view.values[key] = nil
            }
            for value in change.puts
            where view.values[value.key]?.modRevision ?? 0 <= value.modRevision {
                view.values[value.key] = value
            }
            view.revision = max(view.revision, change.revision)
        }
    }

    /// `changed`: the keys of which it says something else; nil: all of them.
    private func publish(changed: [String]?, _ update: (inout MirrorView) -> Void) {
        let (view, waiters, readers, isBack) = state.withLock { state in
            let (number, losses) = (state.view.number, state.view.losses)
            var recent = state.view.recent
            let wasCurrent = state.view.freshness == .current
            update(&state.view)
            if state.view.revision >= state.target {
                state.view.freshness = .current
                state.currentAt = clock.now
            }
            let isNews =
                changed?.isEmpty != true || wasCurrent != (state.view.freshness == .current)
            (state.view.number, state.view.losses) = (isNews ? number + 1 : number, losses)
            if changed == nil { recent.forget() }
            if let changed, isNews { recent.add(changed, number: number + 1) }
            state.view.recent = recent
            let isBack = state.isLost && state.view.freshness == .current
            if isBack { state.isLost = false }
            let readers = state.subscribers.values.filter { isNews || $0.wantsRevisions }
            return (state.view, state.waiters, readers, isBack)
        }
        // Not under the lock: to wake a task waits for whoever cancels it, and he waits for ours.
        for (id, waiter) in waiters where waiter.condition(view) { wake(id, with: .success(view)) }
        for reader in readers { reader.views.yield(view) }
        if isBack { log.notice("store followed again") }
    }

    private func lost(_ error: any Error) {
        guard !Task.isCancelled else { return }
        let wasCurrent = state.withLock { state in
            let was = state.view.freshness == .current
            if was {
                state.currentAt = clock.now
                state.view.freshness = .stale(age: .zero)
                state.view.losses += 1
                state.isLost = true
            }
            return was
        }
        if wasCurrent { log.warning("store lost", metadata: ["error": "\(error)"]) }
    }

    /// Writes the file `Limits.persistEveryMs` after a change, when those who wait for the change
    /// have it; again and again while it cannot be written.
    private func persistChanges() async {
        var saved: (number: UInt64, revision: Int64)?
        var pause = Duration.milliseconds(Limits.persistEveryMs)
        for await view in views() where view.identity != nil {
            if let saved, saved.number == view.number,
                view.revision - saved.revision < Limits.persistRevisions
            {
                continue
            }
            do { try await Task.sleep(for: pause) } catch { return }
            var newest = self.view
            let began = clock.now
            var isWritten = save(newest)
            let took = clock.now - began
            pause = max(
                .milliseconds(Limits.persistEveryMs),
                min(took * Limits.persistPause, .milliseconds(Limits.persistEveryMaxMs)))
            let hasFailed = !isWritten
            while !isWritten {
                let pause = Duration.milliseconds(Limits.persistRetryMs)
                do { try await Task.sleep(for: pause) } catch { return }
                newest = self.view
                isWritten = save(newest, isRetry: true)
            }
            if hasFailed { log.notice("last view written", metadata: ["file": "\(file.path)"]) }
            saved = (newest.number, newest.revision)
        }
    }

    /// A retry that fails says nothing new.
    @discardableResult private func save(_ view: MirrorView, isRetry: Bool = false) -> Bool {
        guard view.identity != nil else { return true }
        do { try file.save(view) } catch {
            log.log(
                level: isRetry ? .debug : .error, "last view not written",
                metadata: ["file": "\(file.path)", "error": "\(error)"])
            return false
        }
        return true
    }
}
