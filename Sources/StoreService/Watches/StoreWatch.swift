import GRPCCore
import StoreAPI
import Synchronization

/// Follows the store's changes, a whole revision at a time, through this node's one watch.
struct StoreWatch: Sendable {
    let source: StoreSource
    let shared: SharedWatch

    /// Calls `body` with each change below `prefixes` after a revision; ends only by throwing.
    func follow(
        prefixes: [String], after: Int64, epoch: UInt64,
        _ body: @escaping @Sendable (Change) async throws -> Void
    ) async throws {
        let target = try await source.current(after: after, epoch: epoch)
        if after >= target { try await body(Change(revision: after, puts: [], deletes: [])) }
        var reached = after
        while true {
            if let seat = shared.seat(after: reached, current: target, epoch: epoch) {
                defer { shared.leave(seat) }
                reached = try await follow(
                    seat, prefixes: prefixes, after: reached, epoch: epoch, body)
            }
            // Too far behind what the others are told: a watch of its own, until it is there.
            reached = try await catchUp(
                prefixes: prefixes, after: reached, epoch: epoch, body)
        }
    }

    /// Returns where it got to when the window has moved on past it: its reader is slow.
    private func follow(
        _ seat: SharedWatch.Seat, prefixes: [String], after: Int64, epoch: UInt64,
        _ body: @escaping @Sendable (Change) async throws -> Void
    ) async throws -> Int64 {
        var reached = after
        var news = seat.news.makeAsyncIterator()
        while true {
            guard let changes = try shared.changes(after: reached, below: prefixes, seat) else {
                return reached
            }
            try source.check(epoch)
            for change in changes {
                try await body(change)
                reached = change.revision
            }
            if changes.isEmpty { _ = await news.next() }
            try Task.checkCancellation()
        }
    }

    private struct CaughtUp: Error { var reached: Int64 }

    private func catchUp(
        prefixes: [String], after: Int64, epoch: UInt64,
        _ body: @escaping @Sendable (Change) async throws -> Void
    ) async throws -> Int64 {
        do {
            try await source.watch(after: after, epoch: epoch) { [shared] changes in
                var reached = after
                for change in changes {
                    reached = change.revision
                    if let below = change.below(prefixes) { try await body(below) }
                }
                guard reached > after else { return }
                // Nobody is told less than he was: the rest of this answer was empty for him.
                if changes.last?.below(prefixes) == nil {
                    try await body(Change(revision: reached, puts: [], deletes: []))
                }
                if reached >= shared.floor { throw CaughtUp(reached: reached) }
            }
        } catch let error as CaughtUp { return error.reached }
        return after
    }
}
