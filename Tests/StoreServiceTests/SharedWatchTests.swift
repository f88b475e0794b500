import GRPCCore
import StoreAPI
import Synchronization
import Testing

@testable import StoreService

/// A watch that breaks off and goes on elsewhere (decision 0039).
@Suite struct SharedWatchTests {
    @Test func itGoesOnFromWhereItWasAndNobodyNotices() async throws {
        let store = ScriptedStore([
            .init(opens: true, gives: 6...7), .init(opens: true, gives: 8...9, stays: true),
        ])
        try await Self.follow(store) { watch, seat in
            let seen = try await Self.reads(4, from: watch, seat)
            #expect(seen == [6, 7, 8, 9])
            #expect(store.askedFrom == [5, 7])
        }
    }

    @Test func whereAnotherPastIsMetAllWhoFollowAreTold() async throws {
        let store = ScriptedStore(
            [.init(opens: true, gives: 6...7), .init(opens: true, gives: 8...9, stays: true)],
            reached: 6)
        try await Self.follow(store) { watch, seat in
            let error = await #expect(throws: RPCError.self) {
                try await Self.reads(4, from: watch, seat)
            }
            #expect(error?.code == .outOfRange)
            #expect(store.askedFrom == [5])
        }
    }

    @Test func whatDoesNotOpenIsTold() async throws {
        let store = ScriptedStore([.init(opens: false), .init(opens: true, stays: true)])
        try await Self.follow(store) { watch, seat in
            let error = await #expect(throws: RPCError.self) {
                try await Self.reads(1, from: watch, seat)
            }
            #expect(error?.code == .unavailable)
        }
    }

    /// Revisions of keys that are not ours come with no event.
    @Test(.timeLimit(.minutes(1)))
    func whoWaitsForARevisionIsToldByAnEventOfOurOwn() async throws {
        let store = ScriptedStore([.init(opens: true, stays: true)])
        try await Self.follow(store, current: 9) { watch, seat in
            let seen = try await Self.reads(1, from: watch, seat)
            #expect(seen == [10])
        }
    }

    private static func follow(
        _ store: ScriptedStore, current: Int64 = 5,
        _ body: (SharedWatch, SharedWatch.Seat) async throws -> Void
    ) async throws {
        let watch = SharedWatch(source: store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            let seat = try #require(watch.seat(after: 5, current: current, epoch: 1))
            try await body(watch, seat)
            group.cancelAll()
        }
    }

    /// The next revisions, in order; throws what ends the watch before.
    private static func reads(
        _ count: Int, from watch: SharedWatch, _ seat: SharedWatch.Seat
    ) async throws -> [Int64] {
        var seen: [Int64] = []
        for await _ in seat.news {
            let changes = try watch.changes(after: seen.last ?? 5, below: ["k/"], seat)
            seen += changes?.map(\.revision) ?? []
            if seen.count >= count { break }
        }
        return seen
    }
}

/// A store whose watches end by themselves, as those of an etcd that is stopped.
private final class ScriptedStore: WatchSource {
    struct Run {
        var opens: Bool
        var gives: ClosedRange<Int64>?
        var stays = false
    }

    private struct State {
        var runs: [Run]
        var askedFrom: [Int64] = []
    }

    private let state: Mutex<State>
    /// Where the store is, for who comes anew.
    private let reached: Int64
    private let (events, eventMaker) = AsyncStream.makeStream(of: Void.self)

    init(_ runs: [Run], reached: Int64 = 100) {
        state = Mutex(State(runs: runs))
        self.reached = reached
    }

    var askedFrom: [Int64] { state.withLock { $0.askedFrom } }
    var isReached: Bool { get async { true } }

    func current(after: Int64, epoch: UInt64) async throws -> Int64 {
        guard after <= reached else { throw RPCError(code: .outOfRange, message: "list anew") }
        return reached
    }

    func watch(
        after: Int64, epoch: UInt64, _ body: @escaping @Sendable ([Change]) async throws -> Void
    ) async throws {
        let run = state.withLock { state in
            state.askedFrom.append(after)
            return state.runs.removeFirst()
        }
        if run.opens { try await body([]) }
        for revision in run.gives.map(Array.init) ?? [] { try await body([Self.change(revision)]) }
        if run.stays { for await _ in events { try await body([Self.change(10)]) } }
        throw RPCError(code: .unavailable, message: "etcd ended the watch")
    }

    func makeEvent() async throws { eventMaker.yield() }

    private static func change(_ revision: Int64) -> Change {
        let put = KeyValue(
            key: "k/\(revision)", value: [], createRevision: revision, modRevision: revision)
        return Change(revision: revision, puts: [put], deletes: [])
    }
}
