import Seeded
import StoreAPI
import Testing

@testable import StoreService

struct WatchWindowTests {
    private static func change(_ revision: Int64, _ keys: String...) -> Change {
        Change(
            revision: revision,
            puts: keys.map {
                KeyValue(key: $0, value: [1], createRevision: 1, modRevision: revision)
            }, deletes: [])
    }

    private static func window(_ revisions: ClosedRange<Int64>, max: Int = 100) -> WatchWindow {
        var window = WatchWindow(
            after: revisions.lowerBound - 1, revisionsMax: max, bytesMax: 1_000_000)
        for revision in revisions {
            window.append(change(revision, revision.isMultiple(of: 2) ? "even/a" : "odd/a"))
        }
        return window
    }

    private static func revisions(_ changes: [Change]?) -> [Int64]? { changes?.map(\.revision) }

    @Test func aLateComerGetsAllAfterHisRevisionInOrder() {
        let window = Self.window(11...20)
        #expect(
            Self.revisions(window.changes(after: 10, below: ["odd/"])) == [11, 13, 15, 17, 19, 20])
        #expect(Self.revisions(window.changes(after: 15, below: ["even/"])) == [16, 18, 20])
        #expect(
            Self.revisions(window.changes(after: 15, below: ["even/", "odd/"])) == [
                16, 17, 18, 19, 20,
            ])
    }

    @Test func whereNothingIsBelowHisPrefixesHeLearnsHowFarItIs() {
        let window = Self.window(11...20)
        #expect(
            window.changes(after: 12, below: ["none/"])
                == [Change(revision: 20, puts: [], deletes: [])])
        #expect(window.changes(after: 20, below: ["odd/"]) == [])
        // He has listed at a revision that the watch has not brought yet.
        #expect(window.changes(after: 25, below: ["odd/"]) == [])
    }

    @Test func whoIsBehindTheWindowIsToldSo() {
        let window = Self.window(11...20, max: 3)
        #expect(window.floor == 17)
        #expect(window.changes(after: 16, below: ["odd/"]) == nil)
        #expect(Self.revisions(window.changes(after: 17, below: ["odd/"])) == [19, 20])
    }

    @Test func aWindowIsBoundedInBytes() {
        var window = WatchWindow(after: 0, revisionsMax: 100, bytesMax: 10)
        for revision in 1...5 as ClosedRange<Int64> { window.append(Self.change(revision, "abc")) }
        #expect(window.floor == 3)
        window.append(Self.change(6, "a key that is longer than all that it may have"))
        #expect(window.floor == 6)
        #expect(window.changes(after: 6, below: [""]) == [])
    }

    @Test func aResumedWatchDoublesNothing() {
        var window = Self.window(11...14)
        for revision in 13...15 as ClosedRange<Int64> {
            window.append(Self.change(revision, "odd/b"))
        }
        #expect(
            Self.revisions(window.changes(after: 10, below: ["odd/", "even/"])) == [
                11, 12, 13, 14, 15,
            ])
        window.append(Change(revision: 19, puts: [], deletes: []))
        #expect(Self.revisions(window.changes(after: 14, below: ["odd/"])) == [15, 19])
    }

    /// Followers at their own pace, slow ones past the window, a watch that breaks and is resumed:
    /// each is told all that is his, once and in order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func everybodyIsToldAllOfHisOnce(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let prefixes = ["a/", "b/", "c/"]
        let log = (1...400 as ClosedRange<Int64>).map { revision in
            Self.change(revision, (prefixes + ["d/"])[Int.random(in: 0..<4, using: &random)] + "k")
        }
        var window = WatchWindow(after: 0, revisionsMax: 30, bytesMax: 100)
        var reached = [Int64](repeating: 0, count: prefixes.count)
        var told = [[Change]](repeating: [], count: prefixes.count)
        while (reached.min() ?? 0) < 400 {
            // It was resumed at where it was, or a little before.
            let from = Swift.max(0, Int(window.reached) - Int.random(in: 0...2, using: &random))
            for change in log.dropFirst(from).prefix(Int.random(in: 0...9, using: &random)) {
                window.append(change)
            }
            let follower = Int.random(in: 0..<prefixes.count, using: &random)
            let below = [prefixes[follower]]
            let found =
                window.changes(after: reached[follower], below: below)
                // A watch of his own, until he is back in the window.
                ?? log[Int(reached[follower])..<Int(window.floor)].compactMap { $0.below(below) }
                + [Change(revision: window.floor, puts: [], deletes: [])]
            told[follower] += found.filter { !$0.puts.isEmpty }
            reached[follower] = found.last?.revision ?? reached[follower]
        }
        for (follower, prefix) in prefixes.enumerated() {
            #expect(told[follower] == log.compactMap { $0.below([prefix]) }, "seed \(seed)")
        }
    }
}
