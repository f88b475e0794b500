import BrickAPI
import CLinux
public import Daemon
import FoundationEssentials
import GD2Error
import GRPCCore
import Glibc
import GlusterXDR
import LocalGRPC
import LocalSocket
import Logging
import PmapAPI
import RPCTransport
public import ServiceLifecycle
import StoreAPI
import StoreMirror
public import StoreSchema
import SwiftProtobuf

/// gd2-pmap: volfiles and ports for GlusterFS processes, on the shared port and the local socket.
public enum PmapDaemon {
    public static func services(
        _ context: DaemonContext<PmapConfiguration>, _ build: SuiteBuild
    ) throws -> [any Service] {
        let configuration = context.configuration
        try FileManager.default.createDirectory(
            atPath: configuration.stateDirectory, withIntermediateDirectories: true)
        let store = try StoreClient(
            path: configuration.storeSocket,
            caller: CallerBuild(program: "gd2-pmap", report: build.report))
        let mirror = StoreMirror(
            store: store,
            prefixes: { keys in
                [
                    keys.peers, keys.volumes, keys.reported, keys.clusterOptions,
                    keys.secrets(reader: "gd2-pmap"),
                ]
            }, stateFile: configuration.stateDirectory + "/view", log: context.log)
        let volfiles = VolfileServer(log: context.log)
        volfiles.update(mirror.view)
        let clients = ClientRegistry()
        let ports = PortService(
            client: try BrickClient(path: configuration.brickdSocket), log: context.log)
        let topologies = TopologyConfirmation(
            volfiles: volfiles, mirror: mirror, cluster: ClusterClient(store), log: context.log)
        let programs = GlusterPrograms(
            volfiles: volfiles, topologies: topologies, clients: clients, ports: ports)
        let server = RPCServer(dispatcher: programs.dispatcher, log: context.log) { connection in
            clients.close(connection)
            ports.close(connection: connection.id)
        }
        let names = CallerTable.shipped.merging(configuration.callers) { _, own in own }
        return [
            store, mirror, ports,
            ChangeTeller(
                mirror: mirror, volfiles: volfiles, topologies: topologies, clients: clients,
                log: context.log),
            try gateway(context, clients, CallerTable(names: names, self: geteuid())),
            // Services stop in reverse order: the doors first.
            try localDoor(context, server), try frontDoor(context, server),
        ]
    }

    private static func frontDoor(
        _ context: DaemonContext<PmapConfiguration>, _ server: RPCServer
    ) throws -> FrontDoor {
        let configuration = context.configuration
        let listener = try context.listener(
            "rpc", or: .tcp(host: configuration.listenAddress, port: configuration.port))
        return FrontDoor(
            listener: listener, firstByteSeconds: configuration.firstByteSeconds,
            sender: DescriptorSender(path: configuration.handoverSocket),
            peers: TCPPeer(owners: owners(context)), server: server, log: context.log)
    }

    /// systemd opens the socket: the sandbox of gd2-pmap lets it make none but Unix sockets.
    private static func owners(_ context: DaemonContext<PmapConfiguration>) -> SocketOwners? {
        do {
            let descriptor = try context.listener(
                "sock-diag", or: .netlink(protocol: NETLINK_SOCK_DIAG))
            return SocketOwners(descriptor: descriptor)
        } catch {
            context.log.warning(
                "root's mounts over TCP are not told from others'",
                metadata: ["error": "\(error)"])
            return nil
        }
    }

    private static func localDoor(
        _ context: DaemonContext<PmapConfiguration>, _ server: RPCServer
    ) throws -> LocalDoor {
        let path = context.configuration.localSocket
        return LocalDoor(
            listener: try context.listener("rpc-local", or: .unix(path: path, mode: 0o600)),
            server: server)
    }

    private static func gateway(
        _ context: DaemonContext<PmapConfiguration>, _ clients: ClientRegistry,
        _ callers: CallerTable
    ) throws -> LocalServer {
        let path = context.configuration.pmapSocket
        let descriptor = try context.listener("pmap", or: .unix(path: path, mode: 0o660))
        return LocalServer(
            listening: descriptor, callers: callers, services: [PmapGateway(clients: clients)],
            log: context.log)
    }
}

/// The root-only Unix socket.
private struct LocalDoor: Service {
    let listener: Int32
    let server: RPCServer

    func run() async throws {
        try await server.serveUnix(listening: listener)
    }
}

/// Tells those clients of a new volfile that have the old one, and nobody else.
private struct ChangeTeller: Service {
    let mirror: StoreMirror
    let volfiles: VolfileServer
    let topologies: TopologyConfirmation
    let clients: ClientRegistry
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await view in mirror.changes() {
                volfiles.update(view)
                if view.freshness == .current { topologies.viewIsCurrent() }
                tell(clients.outdated(volfiles))
            }
        }
    }

    private func tell(_ connections: [RPCConnection]) {
        for connection in connections {
            log.info("volfile changed", metadata: ["client": "\(connection.peer)"])
            connection.callBack(
                program: Programs.callback, version: Programs.Callback.version,
                procedure: Programs.Callback.fetchSpec)
        }
    }
}

/// What gd2-rest asks.
private struct PmapGateway: Gd2_Pmap_V1_Pmap.SimpleServiceProtocol {
    let clients: ClientRegistry

    func listClients(
        request: Gd2_Pmap_V1_ListClientsRequest, context: ServerContext
    ) async throws -> Gd2_Pmap_V1_ListClientsReply {
        let caller = context.localCaller
        guard !caller.programs.isDisjoint(with: ["gd2-rest", "gd2-store", CallerTable.admin]) else {
            throw GD2Error(
                .notAllowed,
                "\(caller.programs.sorted().joined(separator: ", ")) may not list the clients"
            )
        }
        let found = clients.list(volume: request.volume)
        return .with { reply in
            reply.clients = found.map { client in
                .with {
                    $0.address = client.address
                    $0.volfileID = client.volfileID
                    $0.trusted = client.isTrusted
                    $0.opVersion = UInt32(clamping: client.opVersion)
                }
            }
        }
    }
}
