import BrickAPI
import Logging
import Portmap
import ServiceLifecycle
import Synchronization

/// Ports of this node's bricks: gd2-brickd's table and the sign-ins, and those who wait for one.
final class PortService: Service {
    private struct State {
        var table = PortTable()
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var waiterNext = 0
    }

    private let client: BrickClient
    private let log: Logger
    private let state = Mutex(State())

    init(client: BrickClient, log: Logger) {
        self.client = client
        self.log = log
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { try? await self.client.run() }
                group.addTask { await self.follow() }
            }
        }
    }

    enum Known {
        /// nil: there is no such brick here.
        case port(Int?)
        case unknownYet
    }

    func known(_ brick: String) -> Known {
        state.withLock { state in
            if let port = state.table.port(of: brick) { return .port(port) }
            return state.table.isComplete ? .port(nil) : .unknownYet
        }
    }

    /// The port of a brick; waits a little for one that may be about to be known. When this program
    /// stops meanwhile nothing is said, rather than that there is none.
    func port(of brick: String) async throws -> Int? {
        let (changes, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let known = state.withLock { state -> (port: Int?, id: Int?) in
            if let port = state.table.port(of: brick) { return (port, nil) }
            if state.table.isComplete { return (nil, nil) }
            state.waiterNext += 1
            state.waiters[state.waiterNext] = continuation
            return (nil, state.waiterNext)
        }
        guard let id = known.id else { return known.port }
        defer { state.withLock { $0.waiters[id] = nil } }
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                for await _ in changes {
                    let (port, isComplete) = self.state.withLock {
                        ($0.table.port(of: brick), $0.table.isComplete)
                    }
                    if port != nil || isComplete { return port }
                }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: Limits.portWait)
                return nil
            }
            defer { group.cancelAll() }
            let found = try await group.next() ?? nil
            if found == nil { try Task.checkCancellation() }
            return found
        }
    }

    func signIn(_ brick: String, port: Int, pid: Int32, connection: Int) async {
        change { $0.signIn(brick, .init(port: port, pid: pid), connection: connection) }
        try? await client.signedIn(brick, port: port, pid: pid)
    }

    func signOut(_ brick: String, port: Int, pid: Int32, connection: Int) async {
        change { $0.signOut(brick, connection: connection) }
        try? await client.signedOut(brick, port: port, pid: pid)
    }

    func close(connection: Int) { change { _ = $0.close(connection: connection) } }

    private func change(_ body: (inout PortTable) -> Void) {
        let waiters = state.withLock { state in
            body(&state.table)
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.yield() }
    }

    private func follow() async {
        while !Task.isCancelled {
            do {
                try await client.watchPorts { entries in
                    let isNew = self.state.withLock { !$0.table.isComplete }
                    let table = Dictionary(
                        entries.map { ($0.name, PortTable.Entry(port: $0.port, pid: $0.pid)) }
                    ) { _, last in last }
                    self.change { $0.replace(with: table) }
                    if isNew { await self.repeatSignIns() }
                }
            } catch {
                log.debug("gd2-brickd not reached", metadata: ["error": "\(error)"])
            }
            change { $0.supervisorLost() }
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
    }

    /// A gd2-brickd that was restarted learns who is signed in.
    private func repeatSignIns() async {
        for (brick, entry) in state.withLock({ $0.table.signIns }) {
            try? await client.signedIn(brick, port: entry.port, pid: entry.pid)
        }
    }
}
