import ArgumentParser
import Daemon
import RESTService

@main
struct GD2Rest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-rest",
        abstract: "Serve the REST API of the cluster.",
        discussion: "Example: gd2-rest --set admin-group=wheel", version: suiteVersion)

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        await runDaemon("gd2-rest", options, RESTConfiguration.self) { context in
            try RESTDaemon.services(context)
        }
    }
}
