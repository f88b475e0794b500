import Testing

@testable import RESTService

/// When a connection ends with an answer (RFC 9112, sections 9.3 and 9.6).
@Suite struct RequestSequenceTests {
    enum Event: Sendable {
        case begin
        case beginHead
        case beginLast
        case end
        case answer
        case answered
    }

    /// What each event gives: whether a request is taken, what an answer says of its connection,
    /// and what it leaves.
    private func play(_ events: [Event]) -> [String] {
        var sequence = RequestSequence()
        return events.map { event in
            switch event {
            case .begin:
                return sequence.begin(isHead: false, keepsAlive: true) ? "taken" : "dropped"
            case .beginHead:
                return sequence.begin(isHead: true, keepsAlive: true) ? "taken" : "dropped"
            case .beginLast:
                return sequence.begin(isHead: false, keepsAlive: false) ? "taken" : "dropped"
            case .end:
                sequence.end()
                return sequence.isAlone ? "alone" : "behind"
            case .answer:
                let closes = sequence.answer()
                return (closes ? "close" : "keep") + (sequence.answersHead ? " bare" : "")
            case .answered:
                switch sequence.answered() {
                case .nothing: return sequence.isOver ? "over" : "go on"
                case .end(let isWhole): return isWhole ? "ends" : "ends early"
                }
            }
        }
    }

    @Test func anAnswerToAWholeRequestKeepsTheConnection() {
        let one: [Event] = [.begin, .end, .answer, .answered]
        let expected = ["taken", "alone", "keep", "go on"]
        #expect(play(one + one + one) == expected + expected + expected)
    }

    @Test func anAnswerBeforeTheEndOfItsRequestIsTheLast() {
        #expect(play([.begin, .answer, .answered]) == ["taken", "close", "ends early"])
        let second = play([.begin, .end, .answer, .answered, .begin, .answer, .answered])
        #expect(second == ["taken", "alone", "keep", "go on", "taken", "close", "ends early"])
    }

    @Test func whatWasSaidToBeTheLastAnswerStaysIt() {
        let outcomes = play([.begin, .answer, .end, .begin, .answered])
        #expect(outcomes == ["taken", "close", "alone", "dropped", "ends"])
    }

    @Test func aClientThatAsksForTheEndGetsItAfterAllAnswers() {
        let outcomes = play([
            .begin, .end, .beginLast, .end, .answer, .answered, .begin, .answer, .answered,
        ])
        #expect(
            outcomes == [
                "taken", "alone", "taken", "behind", "keep", "go on", "dropped", "close", "ends",
            ])
    }

    /// The one that is still coming is another one than the one that is answered.
    @Test func anAnswerIsNotEarlyForTheNextRequest() {
        let outcomes = play([
            .begin, .end, .beginHead, .answer, .answered, .end, .answer, .answered,
        ])
        #expect(
            outcomes == [
                "taken", "alone", "taken", "keep", "go on", "alone", "keep bare", "go on",
            ])
    }

    /// Hummingbird's own, to what cannot be read.
    @Test func anAnswerToNothingChangesNothing() {
        #expect(play([.answer, .answered]) == ["keep", "go on"])
    }
}
