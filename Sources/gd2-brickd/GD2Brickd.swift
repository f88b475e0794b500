import ArgumentParser
import BrickService
import Daemon
import GlusterModel
import StoreSchema

@main
struct GD2Brickd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-brickd",
        abstract: "Start, watch and stop this node's bricks.",
        discussion: DaemonOptions.discussion(
            of: "gd2-brickd", example: "gd2-brickd --set process-manager=detached"),
        version: suiteVersion, subcommands: [Serve.self, AnnounceBrick.self],
        defaultSubcommand: Serve.self)

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch this node's bricks (the default).",
            discussion: "Example: gd2-brickd serve --check-config")

        @OptionGroup var options: DaemonOptions

        func run() async throws {
            await runDaemon(
                "gd2-brickd", options, BrickConfiguration.self,
                capabilities: BrickDaemon.capabilities
            ) { context in
                try await BrickDaemon.services(context, .current)
            }
        }
    }
}
