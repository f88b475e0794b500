import ArgumentParser
import BrickService
import Daemon
import GlusterModel
import PmapService
import RESTService
import ServiceLifecycle
import StoreAPI
import StoreSchema
import StoreService

/// A daemon of the suite as the version before this one, or the one after it, would be: with the
/// gates that that has. Tests/e2e/upgrade.sh puts it in the place of this one.
@main
struct OtherBuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-other-build",
        abstract: "For tests: a daemon of the version before this one, or of the one after it.",
        discussion: "Example: gd2-other-build next gd2-rest --show-config")

    enum Which: String, ExpressibleByArgument {
        case previous, next

        var build: SuiteBuild {
            switch self {
            case .previous: SuiteBuild(version: suiteVersion + "-previous", gates: [])
            case .next:
                SuiteBuild(
                    version: suiteVersion + "-next", gates: SuiteBuild.current.gates + [Notes.gate])
            }
        }
    }

    enum Program: String, ExpressibleByArgument {
        case store = "gd2-store"
        case rest = "gd2-rest"
        case pmap = "gd2-pmap"
        case brickd = "gd2-brickd"
    }

    @Argument(help: "previous or next.") var which: Which
    @Argument(help: "The daemon.") var program: Program
    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let build = which.build
        switch program {
        case .store:
            await runDaemon(program.rawValue, options, StoreConfiguration.self) { context in
                try await StoreDaemon.services(context, build)
            }
        case .rest:
            let isNext = which == .next
            await runDaemon(program.rawValue, options, RESTConfiguration.self) { context in
                var services = try RESTDaemon.services(context, build)
                guard isNext else { return services }
                let caller = CallerBuild(program: program.rawValue, report: build.report)
                let store = try StoreClient(path: context.configuration.storeSocket, caller: caller)
                services += [store, Notes(store: store, build: build, log: context.log)]
                return services
            }
        case .pmap:
            await runDaemon(program.rawValue, options, PmapConfiguration.self) { context in
                try PmapDaemon.services(context, build)
            }
        case .brickd:
            await runDaemon(
                program.rawValue, options, BrickConfiguration.self,
                capabilities: BrickDaemon.capabilities
            ) { context in
                try await BrickDaemon.services(context, build)
            }
        }
    }
}
