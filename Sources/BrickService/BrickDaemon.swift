import BrickAPI
public import Daemon
import FoundationEssentials
import Glibc
import GlusterModel
import LocalGRPC
import Logging
import Processes
public import ServiceLifecycle
import StoreAPI
import StoreMirror
public import StoreSchema

/// gd2-brickd: supervises bricks and self-heal daemons, prepares bricks, reports.
public enum BrickDaemon {
    /// What it keeps of root's capabilities: brick directories of any owner, trusted extended
    /// attributes, and signals to bricks.
    public static let capabilities = [
        "cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_kill",
        "cap_sys_admin", "cap_sys_ptrace", "cap_sys_resource",
    ]

    public static func services(
        _ context: DaemonContext<BrickConfiguration>, _ build: SuiteBuild
    ) async throws -> [any Service] {
        let configuration = context.configuration
        try makeDirectories(configuration)
        let store = try StoreClient(
            path: configuration.storeSocket,
            caller: CallerBuild(program: "gd2-brickd", report: build.report))
        let mirror = StoreMirror(
            store: store,
            prefixes: { [$0.peers, $0.volumes, $0.reported, $0.clusterOptions, $0.transactions] },
            stateFile: configuration.stateDirectory + "/view", log: context.log)
        let supervising = Supervising(
            store: store, mirror: mirror, configuration: configuration,
            incarnation: context.incarnation, log: context.log,
            listener: try context.listener(
                "brickd", or: .unix(path: configuration.brickdSocket, mode: 0o660)))
        return [store, mirror, supervising]
    }

    private static func makeDirectories(_ configuration: BrickConfiguration) throws {
        for path in [
            configuration.stateDirectory, configuration.runDirectory,
            configuration.logDirectory + "/bricks", configuration.glusterDirectory + "/vols",
        ] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
    }
}

/// Everything that needs to know which peer this is, which the first view of the store tells.
private struct Supervising: Service {
    let store: StoreClient
    let mirror: StoreMirror
    let configuration: BrickConfiguration
    let incarnation: IncarnationID
    let log: Logger
    let listener: Int32

    func run() async throws {
        // Without any view there are no bricks either: nothing waits for this in vain.
        let identity = await cancelWhenGracefulShutdown {
            var found: StoreIdentity?
            for await view in mirror.changes() {
                found = view.identity
                if found != nil { break }
            }
            return found
        }
        if let identity { await supervise(identity) }
    }

    private func supervise(_ identity: StoreIdentity) async {
        let command = BrickCommand(configuration: configuration, peer: identity.peer)
        // After a restart of this program they run already.
        let isFirst = command.running().isEmpty
        let supervisor = Supervisor(
            command: command,
            launcher: launcher, mirror: mirror, incarnation: incarnation, log: log)
        let reporter = Reporter(store: store, mirror: mirror, supervisor: supervisor, log: log)
        let removals = Removals(folder: configuration.stateDirectory + "/removals", log: log)
        let steps = StepRunner(
            store: store, mirror: mirror, supervisor: supervisor,
            fences: Fences(path: configuration.stateDirectory + "/fences.json"),
            removals: removals, log: log)
        let leftovers = Leftovers(store: store, mirror: mirror, steps: steps, log: log)
        let fences = LiftedFences(store: store, log: log)
        let gateway = self.gateway(of: supervisor, steps)
        await withDiscardingTaskGroup { group in
            group.addTask { try? await gateway.run() }
            group.addTask { try? await removals.run() }
            group.addTask { try? await leftovers.run() }
            group.addTask { try? await fences.run() }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    await withDiscardingTaskGroup { group in
                        group.addTask { await supervisor.run() }
                        group.addTask { try? await reporter.run() }
                        let store = store
                        let permit = BrickPermit(
                            ask: { try await store.identity() }, log: log)
                        if isFirst {
                            await permit.wait()
                            await waitForView()
                        }
                        var decoder = ClusterDecoder()
                        var unreadable: [String] = []
                        for await view in mirror.changes() {
                            let state = decoder.state(of: view)
                            tell(state.unreadable, unlike: &unreadable)
                            await supervisor.update(state, changed: decoder.changed)
                            leftovers.see(view)
                            fences.see(view, state)
                        }
                        group.cancelAll()
                    }
                }
            }
        }
    }

    private func tell(_ keys: [String], unlike known: inout [String]) {
        defer { known = keys }
        let new = keys.filter { !known.contains($0) }
        guard !new.isEmpty else { return }
        log.error(
            "records of the store cannot be read",
            metadata: ["keys": "\(new.prefix(Limits.keysNamed).joined(separator: " "))"])
    }

    /// Where a volume may have other bricks by now, those that it had are not started in vain.
    private func waitForView() async {
        guard ClusterState(mirror.view).mayHaveMovedBricks else { return }
        _ = try? await mirror.first(timeout: Limits.viewAtBoot) { $0.freshness == .current }
    }

    private func gateway(of supervisor: Supervisor, _ steps: StepRunner) -> LocalServer {
        let names = CallerTable.shipped.merging(configuration.callers) { _, own in own }
        return LocalServer(
            listening: listener, callers: CallerTable(names: names, self: geteuid()),
            interceptors: [OffLoopInterceptor([Gd2_Brick_V1_BrickDaemon.descriptor])],
            services: [
                BrickGateway(
                    supervisor: supervisor, steps: steps, mirror: mirror, incarnation: incarnation)
            ], log: log)
    }

    private var launcher: any ProcessLauncher {
        switch configuration.processManager {
        case "systemd": SystemdLauncher()
        case "detached": DetachedLauncher()
        default: SystemdLauncher.isAvailable ? SystemdLauncher() : DetachedLauncher()
        }
    }
}
