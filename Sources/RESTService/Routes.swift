import BrickAPI
import Daemon
import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import PmapAPI
import RESTAPI
import StoreAPI
import StoreMirror

/// The routes of the REST API: GD2's v1 paths and codes (docs/rest.md).
struct Routes: Sendable {
    let volumes: VolumeChanges
    let options: OptionChanges
    let mirror: StoreMirror
    let bricks: NodeBricks
    let pmap: PmapClient
    let peers: PeerRoutes
    let cluster: ClusterRoutes
    /// Of this node, asked by the doctor.
    var programs: [OwnProgram]
    private let encoded = EncodedVolumes()
    private let bodies = BodyRoom()

    init(
        volumes: VolumeChanges, options: OptionChanges, mirror: StoreMirror, bricks: NodeBricks,
        pmap: PmapClient
    ) {
        self.volumes = volumes
        self.options = options
        self.mirror = mirror
        self.bricks = bricks
        self.pmap = pmap
        programs = [
            OwnProgram(name: "gd2-pmap") { try await pmap.ping() },
            OwnProgram(name: "gd2-brickd") { try await bricks.own.ping() },
        ]
        let local = bricks.local
        peers = PeerRoutes(changes: PeerChanges(local: local, volumes: volumes))
        cluster = ClusterRoutes(
            local: local, cluster: volumes.cluster, build: volumes.gates.build)
    }

    func router() -> Router<RESTContext> {
        let router = Router(context: RESTContext.self)
        let listed =
            node() + peers.listed + cluster.listed + volumeReads() + volumeWrites() + optionRoutes()
            + groupRoutes() + jobRoutes()
            + DoctorRoute(
                local: bricks.local, cluster: cluster, bricks: bricks, programs: programs
            ).listed
        for route in listed {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                guard route.waits else {
                    return try await route.answer(request, context, repeated, bodies)
                }
                return try await Self.limited {
                    try await route.answer(request, context, repeated, bodies)
                }
            }
        }
        for (path, routes) in Dictionary(grouping: listed, by: \.path) {
            refuseOthers(than: routes.map(\.method), at: path, router)
        }
        let endpoints = listed.map { route in
            Endpoint(
                name: route.name, description: "", methods: [route.method.rawValue],
                path: route.path, requestType: route.request, responseType: route.response)
        }
        router.get("/endpoints") { _, _ in try Response.json(endpoints) }
        refuseOthers(than: [.get], at: "/endpoints", router)
        return router
    }

    private static func limited(
        _ body: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        try await withThrowingTaskGroup(of: Response.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(Limits.requestSeconds))
                throw GD2Error(
                    .timedOut,
                    "not done within \(Limits.requestSeconds) s; it goes on or is undone by "
                        + "itself: glustercli job list")
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw CancellationError() }
            return response
        }
    }

    /// 405 for the other methods of a path that exists (RFC 9110, section 15.5.6).
    private func refuseOthers(
        than methods: [HTTPRequest.Method], at path: String, _ router: Router<RESTContext>
    ) {
        let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
        let known: [HTTPRequest.Method] = [
            .get, .head, .post, .put, .patch, .delete, .options, .trace,
        ]
        for method in known where !methods.contains(method) {
            router.on(RouterPath(path), method: method) { _, _ in
                let error = ErrorResponse.Entry(message: "this path takes \(allowed) only")
                var response = try Response.json(
                    ErrorResponse(errors: [error]), status: .methodNotAllowed)
                response.headers[.allow] = allowed
                return response
            }
        }
    }

    private func node() -> [ListedRoute] {
        [
            ListedRoute(name: "Ping", method: .get, path: "/ping", waits: false) { _, _ in
                Response(status: .ok)
            },
            ListedRoute(
                name: "GetVersion", method: .get, path: "/version", response: "VersionInfo",
                waits: false
            ) { _, _ in
                try Response.json(VersionInfo(glusterdVersion: suiteVersion, apiVersion: 1))
            },
        ]
    }

    private func volumeReads() -> [ListedRoute] {
        [
            ListedRoute(
                name: "VolumeList", method: .get, path: "/v1/volumes", response: "[VolumeInfo]",
                waits: false
            ) { _, _ in
                try encoded.list(volumes.current())
            },
            ListedRoute(
                name: "VolumeInfo", method: .get, path: "/v1/volumes/{volume}",
                response: "VolumeInfo", waits: false
            ) { _, context in
                let (volume, state) = try volume(context)
                return try encoded.info(volume, in: state)
            },
            ListedRoute(
                name: "VolumeBricksStatus", method: .get, path: "/v1/volumes/{volume}/bricks",
                response: "[BrickStatus]"
            ) { _, context in
                let (volume, state) = try volume(context)
                let states = await bricks.states(of: volume, state)
                return try Response.json(VolumeShapes(state: state).bricks(volume, states))
            },
            ListedRoute(
                name: "VolumeClients", method: .get, path: "/v1/volumes/{volume}/clients",
                response: "[ClientInfo]"
            ) { _, context in
                let (volume, _) = try volume(context)
                let clients = try await pmap.clients(of: volume.name.description)
                return try Response.json(
                    clients.map(ClientInfo.init).sorted {
                        ($0.address, $0.volfile) < ($1.address, $1.volfile)
                    })
            },
            ListedRoute(
                name: "VolumeStatus", method: .get, path: "/v1/volumes/{volume}/status",
                response: "VolumeStatus"
            ) { _, context in
                let (volume, state) = try volume(context)
                let shapes = VolumeShapes(state: state)
                let states = await bricks.states(of: volume, state)
                let bricks = shapes.bricks(volume, states)
                let isOnline = volume.head.state == .started && bricks.contains(where: \.online)
                var status = VolumeStatus(
                    info: shapes.info(volume), online: isOnline, size: Self.size(volume, bricks))
                status.bricks = bricks
                status.missingNodes = states.missing.values.sorted {
                    ($0.name, $0.peerID) < ($1.name, $1.peerID)
                }
                return try Response.json(status)
            },
        ]
    }

    /// What fits into the volume: of each set, what its smallest brick has.
    private static func size(_ volume: Volume, _ bricks: [BrickStatus]) -> SizeInfo {
        let layout = volume.topology.layout
        var size = SizeInfo()
        let count = volume.topology.bricks.count
        for start in stride(from: 0, to: count, by: layout.bricksCount) {
            let set = zip(bricks, volume.topology.bricks).dropFirst(start)
                .prefix(layout.bricksCount).filter { !$0.1.isArbiter }.map(\.0.size)
            var factor: UInt64 = 1
            if case .disperse(let count, let redundancy) = layout {
                factor = UInt64(count - redundancy)
            }
            size.capacity += (set.map(\.capacity).min() ?? 0) * factor
            size.free += (set.map(\.free).min() ?? 0) * factor
            size.used += (set.map(\.used).max() ?? 0) * factor
        }
        return size
    }

    func info(_ volume: Volume) throws -> VolumeInfo {
        try VolumeShapes(state: volumes.current()).info(volume)
    }

    func volume(_ context: RESTContext) throws -> (Volume, ClusterState) {
        let state = try volumes.current()
        return (try volumes.volume(context.parameters.require("volume"), in: state), state)
    }
}
