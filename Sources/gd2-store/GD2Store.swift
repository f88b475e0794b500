import ArgumentParser
import Daemon
import EtcdProcess
import GlusterModel
import StoreSchema
import StoreService

@main
struct GD2Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gd2-store",
        abstract: "Keep the cluster's state: etcd, identity, certificates.",
        discussion: DaemonOptions.discussion(
            of: "gd2-store", example: "gd2-store --set address=10.0.0.1"),
        version: suiteVersion, subcommands: [Serve.self, RunEtcd.self, Join.self],
        defaultSubcommand: Serve.self)

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve store.sock (the default).",
            discussion: "Example: gd2-store serve --check-config")

        @OptionGroup var options: DaemonOptions

        func run() async throws {
            await runDaemon("gd2-store", options, StoreConfiguration.self) { context in
                try await StoreDaemon.services(context, .current)
            }
        }
    }

    struct RunEtcd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run-etcd",
            abstract: "Wait for the role file that gd2-store writes, then become etcd.",
            discussion: "Example: gd2-store run-etcd --state-directory /srv/gd2")

        @Option(help: "gd2-store's state directory.")
        var stateDirectory = StoreConfiguration().stateDirectory

        func run() async throws {
            try await EtcdRunner.run(
                roleFile: StoreDaemon.roleFile(stateDirectory: stateDirectory),
                stateDirectory: stateDirectory)
        }
    }
}
