import Testing

@testable import StoreService

@Suite struct ConnectionTableTests {
    private typealias Way = ConnectionTable.Way

    @Test func theOldestInTheHandshakeMakesWay() {
        var table = ConnectionTable(handshakesMax: 2, totalMax: 10)
        let first = table.accept()
        let second = table.accept()
        #expect(first.way == nil && second.way == nil)
        let third = table.accept()
        #expect(third.way == Way(number: first.number, reason: .crowded))
        #expect(table.count == 2)
        // Who is through keeps his place.
        table.prove(second.number)
        let fourth = table.accept()
        let fifth = table.accept()
        #expect(fourth.way == nil)
        #expect(fifth.way?.number == third.number)
    }

    @Test func aFullTableLetsInWhoMakesWayHimself() {
        var table = ConnectionTable(handshakesMax: 5, totalMax: 3)
        for _ in 0..<3 {
            let (number, way) = table.accept()
            #expect(way == nil)
            table.prove(number)
        }
        let refused = table.accept()
        #expect(refused.way == Way(number: refused.number, reason: .full))
        table.end(0)
        let waiting = table.accept()
        let last = table.accept()
        #expect(waiting.way == nil)
        #expect(last.way == Way(number: waiting.number, reason: .full))
        #expect(table.count == 3)
    }

    @Test func onlyWhoIsInTheHandshakeExpires() {
        var table = ConnectionTable(handshakesMax: 5, totalMax: 5)
        let (late, proven, ended) = (
            table.accept().number, table.accept().number, table.accept().number
        )
        table.prove(proven)
        table.end(ended)
        let expired = [late, late, proven, ended].map { table.expire($0) }
        #expect(expired == [true, false, false, false])
        // One that has gone proves nothing any more.
        table.prove(late)
        #expect(table.count == 1)
        table.end(proven)
        #expect(table.count == 0)
    }

    @Test func refusalsAreSaidOnceAMinute() {
        var count = RefusalCount()
        let begin = ContinuousClock.now
        let minute = Duration.seconds(60)
        let first = count.note(.late, now: begin, every: minute)
        #expect(first?.map { $0.count } == [1])
        for second in 1..<60 {
            let said = count.note(.crowded, now: begin + .seconds(second), every: minute)
            #expect(said == nil)
        }
        let next = count.note(.late, now: begin + minute, every: minute)
        #expect(next?.map { $0.reason } == [.late, .crowded])
        #expect(next?.map { $0.count } == [1, 59])
    }
}
