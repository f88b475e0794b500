import FoundationEssentials
import GlusterModel
import Logging
import Seeded
import StoreAPI
import StoreMirror
import StoreTesting
import Synchronization
import TemporaryFolder
import Testing

@Suite struct StoreMirrorTests {
    private let store: InMemoryStore
    private let keys: StoreKeys

    init() throws {
        var generator = SystemRandomNumberGenerator()
        let identity = StoreIdentity(
            cluster: ClusterID(using: &generator), peer: PeerID(using: &generator), epoch: Epoch(1))
        store = InMemoryStore(identity: identity)
        keys = identity.keys
    }

    @Test func aViewFollowsTheStoreAndOutlivesIt() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                let view = try await mirror.wait(for: done.revision, timeout: .seconds(30))
                #expect(view.values[key]?.value == [1])
                #expect(view.freshness == .current)
            }
            await store.setOutage("away")
            try await withMirror(folder) { mirror in
                #expect(mirror.view.values[key]?.value == [1])
                #expect(mirror.view.freshness == .stale(age: nil))
            }
        }
    }

    /// A view wakes those who wait for it while they are cancelled: neither waits for the other.
    @Test func thoseWhoWaitMayBeCancelledWhileAViewComes() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while !Task.isCancelled {
                                await withDiscardingTaskGroup { waiters in
                                    waiters.addTask { for await _ in mirror.changes() {} }
                                    waiters.addTask {
                                        let limit = Duration.milliseconds(1)
                                        _ = try? await mirror.first(timeout: limit) { _ in false }
                                    }
                                    await Task.yield()
                                    waiters.cancelAll()
                                }
                            }
                        }
                    }
                    for _ in 0..<2_000 {
                        let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                        _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
                    }
                    group.cancelAll()
                }
            }
        }
    }

    @Test(arguments: [-1, 0, 20])
    func aWaitInVainEndsInTime(milliseconds: Int) async throws {
        try await TemporaryFolder.with { folder in
            // Nothing runs that could bring a view.
            let mirror = mirror(folder, of: store)
            await #expect(throws: StoreError.timedOut) {
                try await mirror.first(timeout: .milliseconds(milliseconds)) { _ in false }
            }
        }
    }

    @Test func aWaitThatIsCancelledEndsAtOnce() async throws {
        try await TemporaryFolder.with { folder in
            let mirror = mirror(folder, of: store)
            for isBefore in [true, false] {
                let wait = Task {
                    if isBefore { withUnsafeCurrentTask { $0?.cancel() } }
                    return try await mirror.first(timeout: .seconds(600)) { _ in false }
                }
                if !isBefore { try await Task.sleep(for: .milliseconds(20)) }
                wait.cancel()
                await #expect(throws: CancellationError.self) { try await wait.value }
            }
        }
    }

    @Test func manyWaitEachForAViewOfItsOwn() async throws {
        try await TemporaryFolder.with { folder in
            try await withMirror(folder) { mirror in
                let key = keys.prefix + "options/x"
                let began = try await store.txn(if: [], then: [.put(key: key, value: [0])]).revision
                try await withThrowingDiscardingTaskGroup { group in
                    for count in 1...20 {
                        group.addTask {
                            let view = try await mirror.wait(
                                for: began + Int64(count), timeout: .seconds(60))
                            // One that begins late finds a later view.
                            let value = try #require(view.values[key]?.value.first)
                            #expect(Int(value) >= count)
                        }
                    }
                    for count in 1...20 as ClosedRange<UInt8> {
                        let done = try await store.txn(
                            if: [], then: [.put(key: key, value: [count])])
                        let view = try await mirror.wait(
                            for: done.revision, timeout: .seconds(60))
                        #expect(view.values[key]?.value == [count])
                    }
                }
            }
        }
    }

    @Test func aRevisionThatChangesNothingHereIsNoNews() async throws {
        try await TemporaryFolder.with { folder in
            let inside = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let first = try await store.txn(if: [], then: [.put(key: inside, value: [1])])
                let before = try await mirror.wait(for: first.revision, timeout: .seconds(30))
                let other = try await store.txn(if: [], then: [.put(key: "/elsewhere", value: [1])])
                // Whoever waits for the revision gets it all the same.
                let same = try await mirror.wait(for: other.revision, timeout: .seconds(30))
                #expect(same.number == before.number)
                let second = try await store.txn(if: [], then: [.put(key: inside, value: [2])])
                let after = try await mirror.wait(for: second.revision, timeout: .seconds(30))
                #expect(after.number == before.number + 1)
            }
        }
    }

    @Test func aViewFromBeforeALossIsNotCurrentAfterIt() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let first = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                let before = try await mirror.wait(for: first.revision, timeout: .seconds(30))
                #expect(mirror.isCurrent(losses: before.losses))
                await store.setOutage("away")
                // A loss is no view, so nobody is told it.
                for _ in 0..<6_000 where mirror.view.freshness == .current {
                    try await Task.sleep(for: .milliseconds(5))
                }
                #expect(!mirror.isCurrent(losses: before.losses))
                await store.setOutage(nil)
                let after = try await mirror.first(timeout: .seconds(30)) {
                    mirror.isCurrent(losses: $0.losses)
                }
                #expect(!mirror.isCurrent(losses: before.losses))
                #expect(after.losses == before.losses + 1)
            }
        }
    }

    @Test func aCompactionOrAnEpochListsAnew() async throws {
        try await TemporaryFolder.with { folder in
            let (old, new) = (keys.prefix + "options/old", keys.prefix + "options/new")
            let first = try await store.txn(if: [], then: [.put(key: old, value: [1])])
            try await withMirror(folder) { mirror in
                _ = try await mirror.wait(for: first.revision, timeout: .seconds(30))
            }
            _ = try await store.txn(if: [], then: [.delete(key: old)])
            let last = try await store.txn(if: [], then: [.put(key: new, value: [2])])
            await store.compact(to: last.revision)
            try await withMirror(folder) { mirror in
                let view = try await mirror.wait(for: last.revision, timeout: .seconds(30))
                #expect(view.values.all.map(\.key).sorted() == [new])
            }
        }
    }

    @Test func aStoreThatWasRebuiltIsListedAnewThoughItsRevisionIsLower() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/old"
            try await withMirror(folder) { mirror in
                var done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                for value in 2...5 as ClosedRange<UInt8> {
                    done = try await store.txn(if: [], then: [.put(key: key, value: [value])])
                }
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
            }
            let old = try await store.identity()
            let rebuilt = InMemoryStore(
                identity: StoreIdentity(
                    cluster: old.cluster, peer: old.peer, epoch: Epoch(old.epoch.number + 1)))
            let new = keys.prefix + "options/new"
            let done = try await rebuilt.txn(if: [], then: [.put(key: new, value: [9])])
            try await withMirror(folder, of: rebuilt) { mirror in
                let view = try await mirror.first(timeout: .seconds(30)) {
                    $0.freshness == .current
                }
                #expect(view.revision == done.revision)
                #expect(view.values.all.map(\.key).sorted() == [new])
                #expect(view.identity?.epoch == Epoch(2))
            }
        }
    }

    @Test func anEpochThatRisesUnderAWatchListsAnew() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
                await store.raiseEpoch()
                let view = try await mirror.first(timeout: .seconds(30)) {
                    $0.identity?.epoch == Epoch(2) && $0.freshness == .current
                }
                #expect(view.values[key]?.value == [1])
            }
        }
    }

    @Test func aViewFromBeforeARecoveryIsKnownAsThatUntilTheStoreIsReached() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
                await store.setOutage("no way to it", isIdentityKnown: true)
                await store.raiseEpoch()
                for _ in 0..<3_000 where mirror.view.laterEpoch == nil {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(mirror.view.laterEpoch == Epoch(2))
                #expect(mirror.view.freshness != .current)
                #expect(mirror.view.values[key]?.value == [1])
                await store.setOutage(nil)
                let view = try await mirror.first(timeout: .seconds(30)) {
                    $0.freshness == .current
                }
                #expect(view.laterEpoch == nil)
                #expect(view.identity?.epoch == Epoch(2))
            }
        }
    }

    @Test(arguments: ["", "x", "gd2-view-1 00\n{}", "gd2-view-1\n", "\u{0}\n\n"])
    func aDamagedViewIsAsNoneAndIsSaid(contents: String) async throws {
        try TemporaryFolder.with { folder in
            try Data(contents.utf8).write(to: URL(filePath: folder + "/view"))
            try expectDroppedView(folder)
        }
    }

    @Test func aViewCutOrBentAnywhereIsAsNone() async throws {
        try await TemporaryFolder.with { folder in
            let key = keys.prefix + "options/x"
            try await withMirror(folder) { mirror in
                let done = try await store.txn(if: [], then: [.put(key: key, value: [1])])
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
            }
            let path = URL(filePath: folder + "/view")
            let good = try Data(contentsOf: path)
            for place in stride(from: 0, to: good.count, by: 37) {
                var bent = good
                bent[place] ^= 1
                for damaged in [bent, good.prefix(place)] {
                    try damaged.write(to: path)
                    try expectDroppedView(folder)
                }
            }
            try good.write(to: path)
            #expect(mirror(folder, of: store).view.values[key]?.value == [1])
        }
    }

    @Test func aViewBentBySeedIsAsNone() async throws {
        try await TemporaryFolder.with { folder in
            try await withMirror(folder) { mirror in
                let done = try await store.txn(
                    if: [],
                    then: (0..<50).map {
                        .put(key: keys.prefix + "options/\($0)", value: [1, 2, 3])
                    })
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
            }
            let path = URL(filePath: folder + "/view")
            let good = Array(try Data(contentsOf: path))
            var random = SplitMix(seed: 21)
            for _ in 0..<200 {
                let bent = random.bend(good)
                guard bent != good else { continue }
                try Data(bent).write(to: path)
                try expectDroppedView(folder)
            }
        }
    }

    @Test func whatStandsInTheViewsPlaceIsSaid() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/view"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            try expectDroppedView(folder)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/zero")
            try expectDroppedView(folder)
        }
    }

    @Test func aViewThatCouldNotBeWrittenIsWrittenLater() async throws {
        try await TemporaryFolder.with { parent in
            let folder = parent + "/later"
            let path = folder + "/view"
            try await withMirror(folder) { mirror in
                let done = try await store.txn(
                    if: [], then: [.put(key: keys.prefix + "options/x", value: [1])])
                _ = try await mirror.wait(for: done.revision, timeout: .seconds(30))
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false)
                let end = ContinuousClock.now + .seconds(60)
                while !FileManager.default.fileExists(atPath: path), ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }
    }

    private func expectDroppedView(_ folder: String) throws {
        let lines = LogLines()
        let log = Logger(label: "test") { _ in lines }
        let mirror = StoreMirror(
            store: store, prefixes: { [$0.prefix] }, stateFile: folder + "/view", log: log)
        #expect(mirror.view.identity == nil)
        #expect(mirror.view.values.isEmpty)
        #expect(lines.all == ["warning last view not readable"])
    }

    private func mirror(_ folder: String, of store: InMemoryStore) -> StoreMirror {
        StoreMirror(
            store: store, prefixes: { [$0.prefix] }, stateFile: folder + "/view",
            log: Logger(label: "test"))
    }

    private func withMirror(
        _ folder: String, of other: InMemoryStore? = nil,
        _ body: (StoreMirror) async throws -> Void
    ) async throws {
        let mirror = mirror(folder, of: other ?? store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            try await body(mirror)
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }
}

/// What was logged.
private final class LogLines: LogHandler {
    private let lines = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var all: [String] { lines.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { lines.withLock { $0.append("\(event.level) \(event.message)") } }
}
