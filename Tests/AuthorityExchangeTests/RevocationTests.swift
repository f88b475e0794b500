import AuthorityExchange
import GlusterModel
import Testing

private let epoch = Epoch(3)
private let all: Set<String> = ["n1", "m1"]
private let gone = PeerID(high: 0, low: 7)

@Suite struct KeyHolderTests {
    @Test func aPeerHasWhatIsWrittenDownAndIsTrustedStill() {
        let known = KeyHolder(epoch: epoch, authorities: ["n0", "n1"])
        #expect(KeyHolder.had(known, in: epoch, of: all) == ["n1"])
        let none = KeyHolder(epoch: epoch, authorities: [])
        #expect(KeyHolder.had(none, in: epoch, of: all).isEmpty)
    }

    @Test func aPeerOfWhichNothingIsCertainMayHaveAll() {
        #expect(KeyHolder.had(nil, in: epoch, of: all) == all)
        // The store was restored since, and may have forgotten.
        let before = KeyHolder(epoch: Epoch(2), authorities: [])
        #expect(KeyHolder.had(before, in: epoch, of: all) == all)
    }

    @Test func whatAPeerOnceHadStays() {
        let known = KeyHolder(epoch: epoch, authorities: ["n1"])
        #expect(KeyHolder.next(known, keys: [], in: epoch, retired: []) == nil)
        #expect(
            KeyHolder.next(known, keys: ["n2"], in: epoch, retired: [])?.authorities
                == ["n1", "n2"])
        #expect(
            KeyHolder.next(known, keys: [], in: Epoch(4), retired: [])
                == KeyHolder(epoch: Epoch(4), authorities: ["n1"]))
        #expect(
            KeyHolder.next(nil, keys: [], in: epoch, retired: [])
                == KeyHolder(epoch: epoch, authorities: []))
    }

    @Test func whatNobodyTrustsAnyMoreIsCrossedOutUnlessAPeerStillHasIt() {
        let known = KeyHolder(epoch: epoch, authorities: ["n1", "n2"])
        #expect(
            KeyHolder.next(known, keys: ["n2"], in: epoch, retired: ["n1"])?.authorities == ["n2"])
        #expect(KeyHolder.next(known, keys: ["n1"], in: epoch, retired: ["n1"]) == nil)
    }
}

@Suite struct RevocationTests {
    private func revocation(
        had: Set<String> = all, trusted: Set<String> = all, quiet: Duration = .seconds(60)
    ) -> Revocation {
        Revocation(
            removed: [RemovedHolder(peer: gone, authorities: had)], trusted: trusted, quiet: quiet)
    }

    private func next(_ change: (inout Revocation) -> Void) -> RevocationStep {
        var one = revocation()
        change(&one)
        return one.next(after: .seconds(60))
    }

    @Test func anExchangeBeginsWhenAPeerWithKeysIsRemovedAndAllIsQuiet() {
        #expect(next { _ in } == .begin)
        #expect(next { $0.removed = [] } == .nothing)
        #expect(next { $0.quiet = .seconds(59) } == .wait(.moment(.seconds(1))))
        #expect(next { $0.isSettled = false } == .wait(.members))
        #expect(next { $0.isOpen = false } == .wait(.olderPrograms))
        #expect(next { $0.isExchanging = true } == .wait(.exchange))
        #expect(revocation(quiet: .zero).next(after: .zero) == .begin)
    }

    @Test func aPeerIsForgottenWhenNoAuthorityOfItsKeysIsTrusted() {
        #expect(next { $0.trusted = ["n2", "m2"] } == .forget([gone]))
        // One of the two is enough to get in.
        #expect(next { $0.trusted = ["n2", "m1"] } == .begin)
        // Neither quiet nor older programs matter for that.
        #expect(
            next { one in
                (one.trusted, one.isOpen, one.isSettled) = (["n2", "m2"], false, false)
            } == .forget([gone]))
    }

    /// It had begun before the removal, and had given the peer what is trusted now.
    @Test func anExchangeThatGaveAPeerItsNewKeysIsFollowedByAnother() {
        let had: Set<String> = ["n1", "m1", "n2", "m2"]
        var one = revocation(had: had, trusted: had)
        one.isExchanging = true
        #expect(one.next(after: .zero) == .wait(.exchange))
        one = revocation(had: had, trusted: ["n2", "m2"])
        #expect(one.next(after: .zero) == .begin)
        one.trusted = ["n3", "m3"]
        #expect(one.next(after: .zero) == .forget([gone]))
    }

    /// It had begun before the removal, and had not reached the peer.
    @Test func anExchangeThatPassedAPeerByIsEnough() {
        var one = revocation(had: all, trusted: ["n1", "m1", "n2", "m2"])
        one.isExchanging = true
        #expect(one.next(after: .zero) == .wait(.exchange))
        one = revocation(had: all, trusted: ["n2", "m2"])
        #expect(one.next(after: .zero) == .forget([gone]))
    }

    @Test func whoIsDoneIsForgottenBeforeAnotherExchangeBegins() {
        let other = PeerID(high: 0, low: 8)
        let step = next { one in
            one.removed.append(RemovedHolder(peer: other, authorities: ["n0"]))
        }
        #expect(step == .forget([other]))
    }
}
