public import ArgumentParser
import GD2Error
import GlusterModel
import RESTAPI

/// The operator's tool: `glustercli NOUN VERB`.
public struct Glustercli: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "glustercli", abstract: "Manage GlusterFS volumes.",
        discussion: """
            Example:
              glustercli volume create gv0 replica 3 h1:/b1 h2:/b1 h3:/b1
              glustercli volume start gv0
              mount -t glusterfs h1:/gv0 /mnt
            Environment: GLUSTERCLI_ENDPOINT for --endpoint, GD2_AUTH_SECRET for the secret itself.
            \(ExitStatus.summary)
            """,
        version: suiteVersion,
        subcommands: [
            VolumeCommand.self, JobCommand.self, PeerCommand.self, PoolCommand.self,
            ClusterCommand.self, DoctorCommand.self, Ping.self,
            Version.self, Endpoints.self,
        ])

    public init() {}

    struct Ping: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ping",
            abstract: "Ask whether gd2-rest answers; prints nothing when it does.",
            discussion: "Example: glustercli ping --timeout 5")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running { _ = try await common.client.send("GET", "/ping", nil) }
        }
    }

    struct Version: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "version",
            abstract: "Show the version of gd2-rest and of its API.",
            discussion: "Example: glustercli version -o json")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let version = try await common.client.get("/version", as: VersionInfo.self)
                try render(version, as: common.output, names: [version.glusterdVersion]) {
                    "gd2 \(version.glusterdVersion), API version \(version.apiVersion)\n"
                }
            }
        }
    }

    struct Endpoints: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "endpoints",
            abstract: "List the routes of the REST API.",
            discussion: "Example: glustercli endpoints -o name")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let endpoints = try await common.client.get("/endpoints", as: [Endpoint].self)
                try render(endpoints, as: common.output, names: endpoints.map(\.name)) {
                    Table(
                        headers: ["METHOD", "PATH", "NAME"],
                        rows: endpoints.map {
                            [$0.methods.joined(separator: ","), $0.path, $0.name]
                        }
                    ).text
                }
            }
        }
    }
}
