import GlusterModel
import Testing

@testable import BrickSupervision

@Suite struct StartQueueTests {
    private static let roles = (0..<5).map {
        ProcessRole.brick(VolumeID(high: 0, low: 1), index: $0)
    }

    @Test func thoseThatComeLaterWaitForTheirTurn() {
        var queue = StartQueue(limit: 2)
        for role in Self.roles { queue.add(role) }
        #expect(queue.admit() == Array(Self.roles[0..<2]))
        #expect(queue.admit().isEmpty)
        queue.ended(Self.roles[1])
        #expect(queue.admit() == [Self.roles[2]])
        for role in Self.roles[0..<3] { queue.ended(role) }
        #expect(queue.admit() == Array(Self.roles[3..<5]))
    }

    @Test func oneThatIsStartedAnewTakesItsTurnAgain() {
        var queue = StartQueue(limit: 1)
        queue.add(Self.roles[0])
        #expect(queue.admit() == [Self.roles[0]])
        queue.add(Self.roles[1])
        queue.ended(Self.roles[0])
        queue.add(Self.roles[0])
        #expect(queue.admit() == [Self.roles[1]])
        queue.ended(Self.roles[1])
        #expect(queue.admit() == [Self.roles[0]])
    }

    @Test func theEndOfOneThatDidNotBeginFreesNothing() {
        var queue = StartQueue(limit: 1)
        queue.add(Self.roles[0])
        #expect(queue.admit() == [Self.roles[0]])
        queue.add(Self.roles[1])
        queue.ended(Self.roles[1])
        #expect(queue.admit().isEmpty)
    }
}
