import EventLoopTasks
import GRPCCore
import GlusterModel
import Metrics
import ServiceLifecycle
import StoreAPI
import Synchronization

/// The one watch of this node at etcd: everybody on the node who follows the store does so through
/// it, each at its own pace. It runs when it was asked for. Where it breaks off and another way
/// leads to the store, it goes on there, and nobody notices; else it ends all who follow, as their
/// own watches would have, and they come back.
final class SharedWatch: Service {
    /// What a follower waits with: for the next changes, or the end.
    struct Seat {
        fileprivate let number: Int
        fileprivate let run: Int
        let news: AsyncStream<Void>
    }

    private struct State {
        var window: WatchWindow?
        var epoch: UInt64 = 0
        /// Counts the runs of the watch; a seat is of one of them.
        var run = 0
        var isRunning = false
        /// Whether etcd has answered this watch.
        var isOpen = false
        var failure: any Error = RPCError(code: .unavailable, message: "the watch has ended")
        /// The highest revision that a follower waits for, to be up to date.
        var wanted: Int64 = 0
        var followers: [Int: AsyncStream<Void>.Continuation] = [:]
        var seatNext = 0
    }

    private let source: any WatchSource
    private let state = Mutex(State())
    private let starts: AsyncStream<Void>
    private let starter: AsyncStream<Void>.Continuation
    /// Whenever somebody begins to wait for a revision.
    private let waits: AsyncStream<Void>
    private let waiter: AsyncStream<Void>.Continuation
    private let followers = Gauge(label: "gd2_store_followers")
    private let watches = Gauge(label: "gd2_store_watches")

    init(source: any WatchSource) {
        self.source = source
        (starts, starter) = AsyncStream.makeStream(of: Void.self)
        (waits, waiter) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.nudge() }
                for await _ in self.starts { await onEventLoop { await self.watch() } }
                group.cancelAll()
            }
        }
        end(RPCError(code: .unavailable, message: "gd2-store is stopping"))
    }

    private func watch() async {
        watches.record(1)
        defer { watches.record(0) }
        while true {
            let (after, epoch) = state.withLock { state in
                state.isOpen = false
                return (state.window?.reached ?? 0, state.epoch)
            }
            do { try await source.watch(after: after, epoch: epoch) { self.take($0) } } catch {
                // One that does not open, and the end of an epoch or of what is retained, are told.
                let code = (error as? RPCError)?.code
                let (wasOpen, reached) = state.withLock { ($0.isOpen, $0.window?.reached ?? 0) }
                guard wasOpen, code != .outOfRange, code != .aborted, !Task.isCancelled,
                    await source.isReached
                else { return end(error) }
                // What is there now may be of another past.
                do { _ = try await source.current(after: reached, epoch: epoch) } catch {
                    return end(error)
                }
            }
        }
    }

    /// Revisions that others make in the same etcd come with no event of ours, and whoever waits
    /// for one of them would not learn that he has all. An event of our own then says so.
    private func nudge() async {
        for await _ in waits {
            while let wanted = awaited {
                do { try await Task.sleep(for: Limits.watchNudgeAfter) } catch { return }
                // Where it fails the watch does as well.
                if awaited == wanted { try? await source.makeEvent() }
            }
        }
    }

    /// The revision that a follower waits for still; nil: they have all.
    private var awaited: Int64? {
        state.withLock { state in
            let isBehind = state.isRunning && state.wanted > (state.window?.reached ?? 0)
            return isBehind ? state.wanted : nil
        }
    }

    private func take(_ changes: [Change]) {
        let followers = state.withLock { state in
            state.isOpen = true
            for change in changes { state.window?.append(change) }
            return Array(state.followers.values)
        }
        for follower in followers { follower.yield() }
    }

    private func end(_ error: any Error) {
        let followers = state.withLock { state in
            state.isRunning = false
            state.run += 1
            state.failure = error
            // What follows on the window is compacted away: it begins anew.
            if (error as? RPCError)?.code == .outOfRange { state.window = nil }
            return Array(state.followers.values)
        }
        for follower in followers { follower.yield() }
    }

    /// Takes a seat for one who has everything up to `after`, where the store is at `current`; the
    /// watch is started when it does not run. Nil: he is too far behind, and catches up first.
    func seat(after: Int64, current: Int64, epoch: UInt64) -> Seat? {
        let (news, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (seat, starts) = state.withLock { state -> (Seat?, Bool) in
            if !state.isRunning { prepare(&state, after: after, current: current, epoch: epoch) }
            guard state.epoch == epoch, let window = state.window, after >= window.floor else {
                return (nil, false)
            }
            let starts = !state.isRunning
            state.isRunning = true
            state.wanted = starts ? current : max(state.wanted, current)
            state.seatNext += 1
            state.followers[state.seatNext] = continuation
            followers.record(state.followers.count)
            return (Seat(number: state.seatNext, run: state.run, news: news), starts)
        }
        if starts { starter.yield() }
        if seat != nil { waiter.yield() }
        return seat
    }

    /// What was seen before is of use while it is of the same past, and joins on.
    private func prepare(
        _ state: inout State, after: Int64, current: Int64, epoch: UInt64
    ) {
        if state.epoch == epoch, let window = state.window, window.reached <= current,
            after >= window.floor
        {
            return
        }
        state.epoch = epoch
        state.window = WatchWindow(
            after: after, revisionsMax: Limits.watchRevisions, bytesMax: Limits.watchBytes)
    }

    /// As ``WatchWindow/changes(after:below:)``; throws what has ended the watch.
    func changes(after revision: Int64, below prefixes: [String], _ seat: Seat) throws -> [Change]?
    {
        try state.withLock { state in
            guard state.run == seat.run, let window = state.window else { throw state.failure }
            return window.changes(after: revision, below: prefixes)
        }
    }

    func leave(_ seat: Seat) {
        state.withLock { state in
            state.followers[seat.number] = nil
            followers.record(state.followers.count)
        }
    }

    /// From which revision on a seat is to be had.
    var floor: Int64 { state.withLock { $0.window?.floor ?? 0 } }
}
