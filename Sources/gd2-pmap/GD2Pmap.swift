import ArgumentParser
import Daemon
import GlusterModel
import PmapService
import StoreSchema

@main
struct GD2Pmap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-pmap",
        abstract: "Tell GlusterFS clients which volfile and which port to use.",
        discussion: DaemonOptions.discussion(
            of: "gd2-pmap", example: "gd2-pmap --set listen-address=10.0.0.1"),
        version: suiteVersion)

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        await runDaemon("gd2-pmap", options, PmapConfiguration.self) { context in
            try PmapDaemon.services(context, .current)
        }
    }
}
