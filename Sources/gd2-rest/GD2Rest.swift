import ArgumentParser
import Daemon
import GlusterModel
import RESTService
import StoreSchema

@main
struct GD2Rest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-rest",
        abstract: "Serve the REST API of the cluster.",
        discussion: DaemonOptions.discussion(
            of: "gd2-rest", example: "gd2-rest --set admin-group=wheel"),
        version: suiteVersion,
        subcommands: [Serve.self, ReadXlatorTables.self], defaultSubcommand: Serve.self)

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve rest.sock (the default).",
            discussion: "Example: gd2-rest serve --check-config")

        @OptionGroup var options: DaemonOptions

        func run() async throws {
            await runDaemon("gd2-rest", options, RESTConfiguration.self) { context in
                try RESTDaemon.services(context, .current)
            }
        }
    }

    struct ReadXlatorTables: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "xlator-tables",
            abstract: "Print the options of the installed xlators as JSON.",
            discussion: "Example: gd2-rest xlator-tables | jq .unmapped")

        @Option(help: "GlusterFS's folder of libraries (default: the newest that is installed).")
        var folder: String?

        func run() throws { try XlatorTablesCommand.run(folder: folder) }
    }
}
