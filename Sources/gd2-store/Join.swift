import ArgumentParser
import GlusterModel
import StoreAPI
import StoreSchema
import StoreService

extension GD2Store {
    /// For a node on which nothing else of the suite runs: a witness.
    struct Join: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Join this node, where gd2-store runs, to a cluster by a token.",
            discussion: """
                For a witness, which runs no gd2-rest; elsewhere use glustercli peer join.
                Example: gd2-store join gd2-1-yG9ENrQ…
                """)

        @Flag(help: "Say what would change, and change nothing; the exit status is 3 then.")
        var dryRun = false

        @Argument(help: "What glustercli peer token create printed on a node of the cluster.")
        var token: String

        @Option(help: "gd2-store's socket.")
        var socket = StoreConfiguration().storeSocket

        func run() async throws {
            let store = try StoreClient(
                path: socket,
                caller: CallerBuild(program: "gd2-store", report: SuiteBuild.current.report),
                timeout: .seconds(60))
            let text = try await withThrowingTaskGroup { group in
                group.addTask { try await store.run() }
                defer { group.cancelAll() }
                return try await said(by: ClusterClient(store))
            }
            print(text)
            if dryRun { throw ExitCode(3) }
        }

        private func said(by cluster: ClusterClient) async throws -> String {
            if dryRun { return try await cluster.check(.join(token: token)) }
            let joined = try await cluster.join(token: token)
            return "this node is in cluster \(joined.0) now, as peer \(joined.1)"
        }
    }
}
