import BrickAPI
import EventLoopTasks
import Glibc
import GlusterModel
import StoreAPI
import StoreSchema

/// What a creation asks of the other programs and nothing else, timed: a write through gd2-store, a
/// call of gd2-brickd about a volume that it does not have, a write. Once for each line of standard
/// input; prints the milliseconds.
@main
struct Calls {
    let store: StoreClient
    let bricks: BrickClient

    /// gd2-bench-calls STORE-SOCKET BRICKD-SOCKET
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 3 else { fatalError("\(words[0]) STORE-SOCKET BRICKD-SOCKET") }
        let calls = Calls(
            store: try StoreClient(
                path: words[1],
                caller: CallerBuild(program: "gd2-rest", report: SuiteBuild.current.report)),
            bricks: try BrickClient(path: words[2]))
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await calls.store.run() }
            group.addTask { try await calls.bricks.run() }
            try await calls.answer()
            group.cancelAll()
        }
    }

    private func answer() async throws {
        let (store, bricks) = (store, bricks)
        let key = try await store.identity().keys.prefix + "bench"
        let volume = VolumeID(high: 1, low: 1)
        let put = [StoreAPI.Operation.put(key: key, value: [UInt8](repeating: 120, count: 260))]
        let chain = { @Sendable () async throws in
            _ = try await store.txn(if: [], then: put)
            _ = try await bricks.status(of: volume, timeout: .seconds(5))
            _ = try await store.txn(if: [], then: put)
        }
        try await onEventLoop { try await chain() }
        while readLine() != nil {
            // On the loop of the connections, as gd2-rest's changes are.
            let took = try await onEventLoop {
                try await ContinuousClock().measure { try await chain() }
            }
            print(took / .milliseconds(1))
            fflush(nil)
        }
    }
}
