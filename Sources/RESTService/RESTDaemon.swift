import BrickAPI
public import Daemon
import FoundationEssentials
import Hummingbird
import LocalSocket
import PmapAPI
public import ServiceLifecycle
import StoreAPI
import StoreMirror
public import StoreSchema
import XlatorTables

/// gd2-rest: the REST API, transactions, and changes of what is desired.
public enum RESTDaemon {
    public static func services(
        _ context: DaemonContext<RESTConfiguration>, _ build: SuiteBuild
    ) throws -> [any Service] {
        let configuration = context.configuration
        try FileManager.default.createDirectory(
            atPath: configuration.stateDirectory, withIntermediateDirectories: true)
        let store = try StoreClient(
            path: configuration.storeSocket,
            caller: CallerBuild(program: "gd2-rest", report: build.report))
        let mirror = StoreMirror(
            store: store,
            prefixes: { keys in
                [
                    keys.peers, keys.volumes, keys.reported, keys.clusterOptions,
                    keys.optionGroups, keys.alive, keys.transactions, keys.sessions, keys.jobs,
                    keys.secrets(reader: "gd2-rest"), keys.schemaVersion, keys.builds,
                ]
            }, stateFile: configuration.stateDirectory + "/view", log: context.log)
        let bricks = try BrickClient(path: configuration.brickdSocket)
        let pmap = try PmapClient(path: configuration.pmapSocket)
        let local = LocalStore(
            calls: ClusterClient(store), store: store, mirror: mirror,
            status: { try await store.status() })
        let nodes = NodeBricks(own: bricks, local: local)
        let session = Session(store: store, mirror: mirror, log: context.log)
        let runner = TransactionRunner(
            store: store, mirror: mirror, session: session,
            bricks: nodes, log: context.log)
        let jobs = JobKeeper(
            store: store, mirror: mirror, session: session,
            convergence: .seconds(configuration.convergenceSeconds),
            silent: { await local.silent(of: $0) }, log: context.log)
        let table = InstalledOptionTable(
            folder: configuration.xlatorFolder,
            cache: TableCache(path: configuration.stateDirectory + "/xlators"), log: context.log)
        let cluster = ClusterReader(mirror)
        let routes = Routes(
            volumes: VolumeChanges(
                store: store, mirror: mirror, local: local, cluster: cluster, session: session,
                runner: runner, options: table, jobs: jobs,
                gates: FeatureGates(store: store, build: build)),
            options: OptionChanges(
                store: store, mirror: mirror, local: local, cluster: cluster, tables: table),
            mirror: mirror, bricks: nodes, pmap: pmap)
        let authorizer = Authorizer(adminGroup: configuration.adminGroup) {
            let view = mirror.view
            return view.identity.flatMap { view.values[$0.keys.restTokenSecret]?.value }
        }
        let responder = Responder(
            router: routes.router().buildResponder(), authorizer: authorizer, mirror: mirror,
            log: context.log)
        let tls = try TLSKeeper(configuration, log: context.log)
        context.onReload { tls.reload($0) }
        let server = HTTPServer(
            listener: try context.listener(
                "rest", or: .unix(path: configuration.restSocket, mode: 0o666)),
            handover: DescriptorReceiver(
                listening: try context.listener(
                    "handover", or: .unixSequential(path: configuration.handoverSocket, mode: 0o660)
                )),
            responder: responder, tls: tls, log: context.log)
        return [
            store, bricks, pmap, mirror, session, runner, jobs, table,
            tls,
            TokenFile(
                path: configuration.stateDirectory + "/auth", adminGroup: configuration.adminGroup,
                mirror: mirror, log: context.log), server,
        ]
    }
}
