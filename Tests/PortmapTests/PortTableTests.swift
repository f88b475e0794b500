import Portmap
import Testing

@Suite struct PortTableTests {
    private let brick = "/bricks/wire/b1"

    @Test func whatASupervisorThatIsAwaySaidIsNotAnswered() {
        var table = PortTable()
        table.replace(with: [brick: .init(port: 50_001, pid: 7)])
        #expect(table.port(of: brick) == 50_001)
        table.supervisorLost()
        #expect(table.port(of: brick) == nil)
        #expect(!table.isComplete)
    }

    @Test func aSignInIsAnsweredWhileTheSupervisorIsAway() {
        var table = PortTable()
        table.signIn(brick, .init(port: 50_002, pid: 8), connection: 1)
        #expect(table.port(of: brick) == 50_002)
    }

    @Test func aClosedConnectionTakesItsSignInsAlong() {
        var table = PortTable()
        table.signIn(brick, .init(port: 50_002, pid: 8), connection: 1)
        #expect(table.close(connection: 1) == [brick])
        #expect(table.port(of: brick) == nil)
    }

    @Test func aTableOlderThanASignInIsNotAnsweredAfterIt() {
        var table = PortTable()
        table.replace(with: [brick: .init(port: 50_001, pid: 7)])
        table.signIn(brick, .init(port: 50_002, pid: 8), connection: 1)
        _ = table.close(connection: 1)
        #expect(table.port(of: brick) == nil)
        table.replace(with: [brick: .init(port: 50_002, pid: 8)])
        table.signIn(brick, .init(port: 50_002, pid: 8), connection: 2)
        _ = table.close(connection: 2)
        #expect(table.port(of: brick) == 50_002)
    }

    @Test func aSignOutOfAnOlderConnectionChangesNothing() {
        var table = PortTable()
        table.signIn(brick, .init(port: 50_002, pid: 8), connection: 1)
        table.signIn(brick, .init(port: 50_003, pid: 9), connection: 2)
        table.signOut(brick, connection: 1)
        #expect(table.close(connection: 1).isEmpty)
        #expect(table.port(of: brick) == 50_003)
    }
}
