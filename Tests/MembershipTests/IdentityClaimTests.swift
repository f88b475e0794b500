import GlusterModel
import Membership
import Testing

private typealias Place = IdentityClaim.Place

private let own = Place(host: "10.0.0.4", port: 24_008)
private let old = Place(host: "10.0.0.2", port: 24_008)
private let far = Place(host: "10.0.0.9", port: 24_008)
private let h1 = PeerID(high: 1, low: 1)
private let h2 = PeerID(high: 2, low: 2)
private let h3 = PeerID(high: 3, low: 3)

private func claim(
    recorded: [IdentityClaim.Place] = [], peers: Set<PeerID> = []
) -> IdentityClaim {
    IdentityClaim(run: "mine", own: ["10.0.0.4", "fd00::4"], recorded: recorded, peers: peers)
}

struct IdentityClaimTests {
    @Test func aNodeThatWasNeverElsewhereAndKnowsNobodyServes() {
        let ownTwice = [own, Place(host: "fd00::4", port: 24_008), Place(host: "::1", port: 1)]
        let claim = claim(recorded: ownTwice + [Place(host: "127.0.0.1", port: 24_008)])
        #expect(claim.questions.isEmpty)
        #expect(claim.verdict == .serve)
    }

    @Test func aRunAtARecordedAddressThatIsNotOursRefuses() {
        var claim = claim(recorded: [old, own], peers: [h1])
        #expect(Set(claim.questions) == [.place(old), .peer(h1)])
        #expect(claim.verdict == .wait)
        #expect(claim.take(.run("other", at: old)) == [])
        #expect(claim.verdict == .refuse(.init(place: old)))
        // Nothing that comes later changes it.
        _ = claim.take(.word(.answersNot, from: h1, isCurrent: true))
        _ = claim.take(.timeUp)
        #expect(claim.verdict == .refuse(.init(place: old)))
    }

    @Test func aRunOfAnOlderVersionWithoutAnIdRefusesToo() {
        var claim = claim(recorded: [old])
        _ = claim.take(.run("", at: old))
        #expect(claim.verdict == .refuse(.init(place: old)))
    }

    @Test func ourOwnRunAtAnAddressThatLeadsBackIsNobodyElse() {
        var claim = claim(recorded: [old])
        _ = claim.take(.run("mine", at: old))
        #expect(claim.verdict == .serve)
    }

    @Test func whereNobodyAnswersThePlaceIsTaken() {
        var claim = claim(recorded: [old, far])
        _ = claim.take(.run(nil, at: old))
        #expect(claim.verdict == .wait)
        _ = claim.take(.run(nil, at: far))
        #expect(claim.verdict == .serve)
    }

    @Test func silenceIsWaitedForNoLongerThanTheTime() {
        var claim = claim(recorded: [old], peers: [h1])
        _ = claim.take(.word(.answersNot, from: h1, isCurrent: true))
        #expect(claim.verdict == .wait)
        _ = claim.take(.timeUp)
        #expect(claim.verdict == .serve)
    }

    @Test func aPeerThatKnowsSparesTheOthers() {
        var claim = claim(peers: [h1, h3])
        _ = claim.take(.word(.answersNot, from: h1, isCurrent: true))
        #expect(claim.verdict == .serve)
    }

    @Test(arguments: [IdentityClaim.Word?.none, .unknown])
    func aPeerThatDoesNotKnowLeavesItToTheOthers(_ word: IdentityClaim.Word?) {
        var claim = claim(peers: [h1, h3])
        _ = claim.take(.word(word, from: h1, isCurrent: true))
        #expect(claim.verdict == .wait)
        _ = claim.take(.word(nil, from: h3, isCurrent: false))
        #expect(claim.verdict == .serve)
    }

    @Test func aPeerWithoutTheStoreIsNotTheLastWord() {
        var claim = claim(peers: [h1, h3])
        _ = claim.take(.word(.answersNot, from: h1, isCurrent: false))
        #expect(claim.verdict == .wait)
    }

    @Test func whatAPeerSaysIsLookedAfterAndNotBelieved() {
        var claim = claim(peers: [h1])
        let word = IdentityClaim.Word.answers(run: "other", at: far)
        #expect(claim.take(.word(word, from: h1, isCurrent: true)) == [.place(far)])
        #expect(claim.verdict == .wait)
        var over = claim
        _ = over.take(.run(nil, at: far))
        #expect(over.verdict == .serve)
        _ = claim.take(.run("other", at: far))
        #expect(claim.verdict == .refuse(.init(place: far)))
    }

    @Test func theRunBeforeThisOneOnTheSameMachineIsNobodyElse() {
        var claim = claim(peers: [h1])
        let word = IdentityClaim.Word.answers(run: "before", at: own)
        #expect(claim.take(.word(word, from: h1, isCurrent: true)) == [])
        #expect(claim.verdict == .serve)
    }

    @Test func inDoubtAllPeersAreHeard() {
        var claim = IdentityClaim(
            run: "mine", own: ["10.0.0.4"], recorded: [], peers: [h1, h3], isDoubtful: true)
        _ = claim.take(.memberRuns(h1))
        _ = claim.take(.word(.answersNot, from: h1, isCurrent: true))
        #expect(claim.verdict == .wait)
        #expect(!claim.isOutdated(own: h2, recordedVoters: [h1, h2, h3]))
        _ = claim.take(.memberRuns(h3))
        _ = claim.take(.word(nil, from: h3, isCurrent: false))
        #expect(claim.verdict == .serve)
        #expect(claim.isOutdated(own: h2, recordedVoters: [h1, h2, h3]))
        // Where this one's vote is needed, its data is all there is.
        #expect(!claim.isOutdated(own: h2, recordedVoters: [h1, h2]))
        #expect(!claim.isOutdated(own: h2, recordedVoters: [h2]))
        #expect(claim.isOutdated(own: h2, recordedVoters: [h1]))
        // What a peer that follows the store says is newer.
        _ = claim.take(.voters([h1, h2, h3]))
        #expect(claim.isOutdated(own: h2, recordedVoters: [h2]))
    }

    @Test(
        arguments: [
            (["10.0.0.9", "h2"], true), (["10.0.0.4", "h2"], false), ([], false),
            (["10.0.0.9", "10.0.0.4"], false),
        ])
    func whoRegisteredElsewhereLastIsInDoubt(_ addresses: [String], _ isElsewhere: Bool) {
        var claim = claim(peers: [h1])
        _ = claim.take(.memberRuns(h1))
        #expect(!claim.isOutdated(own: h2, recordedVoters: [h1]))
        _ = claim.take(.registered(addresses))
        #expect(claim.isOutdated(own: h2, recordedVoters: [h1]) == isElsewhere)
    }

    @Test func aPlaceIsAskedOnce() {
        var claim = claim(recorded: [far], peers: [h1, h3])
        let word = IdentityClaim.Word.answers(run: "other", at: far)
        #expect(claim.take(.word(word, from: h1, isCurrent: true)) == [])
        #expect(claim.take(.word(word, from: h3, isCurrent: true)) == [])
        #expect(claim.verdict == .wait)
    }
}

struct PeerRunsTests {
    @Test func aRestartIsNoSecondMachine() {
        var runs = PeerRuns()
        for run in ["a", "a", "b", "b", "c"] {
            #expect(runs.called(h1, run: run, from: "x") == nil)
        }
    }

    @Test func aRunThatComesBackLivesBesideAnother() {
        var runs = PeerRuns()
        #expect(runs.called(h1, run: "a", from: "A") == nil)
        #expect(runs.called(h1, run: "b", from: "B") == nil)
        #expect(runs.called(h3, run: "a", from: "C") == nil)
        #expect(runs.called(h1, run: "a", from: "A") == ["B", "A"])
        // It is said once for these two, and again for a third.
        #expect(runs.called(h1, run: "b", from: "B") == nil)
        #expect(runs.called(h1, run: "c", from: "D") == nil)
        #expect(runs.called(h1, run: "b", from: "B") == ["D", "B"])
    }

    @Test func aVersionWithoutIdsSaysNothing() {
        var runs = PeerRuns()
        for run in ["", "a", "", "b", ""] {
            #expect(runs.called(h1, run: run, from: "x") == nil)
        }
    }
}
