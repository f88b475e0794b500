import Glibc
import Testing

@Suite struct SimulationTests {
    private static let faulty = Duration.seconds(200)

    @Test(arguments: Seeds.failedOnce.map(\.seed))
    func whatOnceFailedDoesNotFail(seed: UInt64) {
        let world = World(seed: seed, locksFirst: true)
        #expect(world.run(faulty: Self.faulty).isEmpty, "make sim LOCKS_FIRST=1 SEED=\(seed)")
        #expect(world.history.committedCount > 0)
    }

    @Test(arguments: Seeds.others)
    func nothingIsLostNorLeftHalfDone(seed: UInt64) {
        let world = World(seed: seed)
        let violations = world.run(faulty: Self.faulty)
        #expect(violations.isEmpty, "make sim SEED=\(seed)")
        #expect(world.history.committedCount > 0)
    }

    @Test func aSeedReplaysExactly() {
        let (one, other) = (World(seed: 7), World(seed: 7))
        #expect(one.run(faulty: .seconds(60)) == other.run(faulty: .seconds(60)))
        #expect(one.scheduler.generator == other.scheduler.generator)
        #expect(one.store.current.entries == other.store.current.entries)
    }

    /// What the invariants are good for: without a safeguard one of them is broken, at the seed
    /// that is known for it or at one of a few more.
    @Test(arguments: Seeds.mutations)
    func aMissingSafeguardIsNoticed(known: (mutation: Mutation, seed: UInt64, sign: String)) {
        let isNoticed = ([known.seed] + Array(1...20)).contains { seed in
            World(seed: seed, mutations: [known.mutation], locksFirst: true)
                .run(faulty: Self.faulty).contains { $0.contains(known.sign) }
        }
        #expect(isNoticed, "make sim LOCKS_FIRST=1 SEED=1 ROUNDS=20 MUTATION=\(known.mutation)")
    }

    @Test func aTransactionThatMayBeginTwiceIsNoticed() {
        let world = World(seed: Seeds.begunTwice, mutations: [.lateBeginning])
        let violations = world.run(faulty: Self.faulty)
        #expect(violations.contains { $0.contains("committed and undone") })
    }

    @Test(arguments: [1, 2] as [UInt64])
    func nobodyWaitsForTheDead(seed: UInt64) {
        let world = World(seed: seed)
        #expect(world.runWithTheDead().isEmpty, "make sim DEAD=1 SEED=\(seed)")
        #expect(world.history.leftCount > 0)
    }

    @Test(arguments: Seeds.failedWithTheDead)
    func noLockStaysWithTheDead(seed: UInt64) {
        let world = World(seed: seed, locksFirst: true)
        #expect(world.runWithTheDead().isEmpty, "make sim DEAD=1 LOCKS_FIRST=1 SEED=\(seed)")
    }

    @Test(arguments: Seeds.mutationsWithTheDead)
    func whatTheDeadShowIsNoticed(known: (mutation: Mutation, seed: UInt64, sign: String)) {
        let isNoticed = ([known.seed] + Array(1...60)).contains { seed in
            World(seed: seed, mutations: [known.mutation], locksFirst: true).runWithTheDead()
                .contains { $0.contains(known.sign) }
        }
        let way = "SEED=1 ROUNDS=60 MUTATION=\(known.mutation)"
        #expect(isNoticed, "make sim DEAD=1 LOCKS_FIRST=1 \(way)")
    }

    // MARK: By hand

    /// What `make sim SEED=n ROUNDS=m MUTATION=x` asks for.
    private struct Wish {
        var seeds: Range<UInt64>
        /// Empty: none.
        var mutation: String
        /// One node after the other dies for long, and nothing else happens.
        var isWithTheDead: Bool
        /// Locks are taken as while there are older nodes.
        var locksFirst: Bool

        init?() {
            guard let first = Self.text("SIM_SEED").flatMap(UInt64.init) else { return nil }
            let rounds = Self.text("SIM_ROUNDS").flatMap(UInt64.init) ?? 1
            seeds = first..<first + max(1, rounds)
            mutation = Self.text("SIM_MUTATION") ?? ""
            isWithTheDead = Self.text("SIM_DEAD") == "1"
            locksFirst = Self.text("SIM_LOCKS_FIRST") == "1"
        }

        private static func text(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }
        }
    }

    private static let wish = Wish()

    @Test(.enabled(if: wish != nil, "make sim SEED=n asks for seeds"))
    func theSeedsThatAreAskedFor() throws {
        let wish = try #require(Self.wish)
        let mutations = Mutation.allCases.filter { "\($0)" == wish.mutation }
        try #require(wish.mutation.isEmpty || !mutations.isEmpty, "\(Mutation.allCases)")
        for seed in wish.seeds {
            let world = World(
                seed: seed, mutations: Set(mutations), locksFirst: wish.locksFirst,
                isTraced: wish.seeds.count == 1)
            let violations =
                wish.isWithTheDead ? world.runWithTheDead() : world.run(faulty: Self.faulty)
            let history = world.history
            print(
                "seed \(seed): \(history.committedCount) transactions committed, "
                    + "\(history.undoneCount) undone, \(history.leftCount) steps left, "
                    + "\(history.steps) changes of members, "
                    + "\(history.answers) ports told, \(violations.count) violations")
            for violation in violations { print("  \(violation)") }
            #expect(violations.isEmpty, "make sim SEED=\(seed)")
        }
    }
}
