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
    let bricks: BrickClient
    let pmap: PmapClient
    private let encoded = EncodedVolumes()

    init(
        volumes: VolumeChanges, options: OptionChanges, mirror: StoreMirror, bricks: BrickClient,
        pmap: PmapClient
    ) {
        self.volumes = volumes
        self.options = options
        self.mirror = mirror
        self.bricks = bricks
        self.pmap = pmap
    }

    /// One route as `GET /endpoints` lists it.
    private struct Listed: Sendable {
        var name: String
        var method: HTTPRequest.Method
        var path: String
        var request = ""
        var response = ""
        /// Whether it may have to wait, and so has a time limit.
        var waits = true
        var body: @Sendable (Request, RESTContext) async throws -> Response
    }

    func router() -> Router<RESTContext> {
        let router = Router(context: RESTContext.self)
        let listed = node() + volumeReads() + volumeWrites() + optionRoutes() + groupRoutes()
        for route in listed {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                guard route.waits else { return try await route.body(request, context) }
                return try await Self.limited { try await route.body(request, context) }
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
                    "not done within \(Limits.requestSeconds) s; it goes on or is undone by itself")
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
        for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete]
        where !methods.contains(method) {
            router.on(RouterPath(path), method: method) { _, _ in
                let error = ErrorResponse.Entry(message: "this path takes \(allowed) only")
                var response = try Response.json(
                    ErrorResponse(errors: [error]), status: .methodNotAllowed)
                response.headers[.allow] = allowed
                return response
            }
        }
    }

    private func node() -> [Listed] {
        [
            Listed(name: "Ping", method: .get, path: "/ping", waits: false) { _, _ in
                Response(status: .ok)
            },
            Listed(
                name: "GetVersion", method: .get, path: "/version", response: "VersionInfo",
                waits: false
            ) { _, _ in
                try Response.json(VersionInfo(glusterdVersion: suiteVersion, apiVersion: 1))
            },
            Listed(name: "GetPeers", method: .get, path: "/v1/peers", response: "[PeerInfo]") {
                _, _ in
                let state = try volumes.current()
                let peers = state.peers.values.sorted { $0.name < $1.name }
                return try Response.json(
                    peers.map { VolumeShapes(state: state).peer($0, isAlive: isAlive($0)) })
            },
            Listed(name: "GetPeer", method: .get, path: "/v1/peers/{peer}", response: "PeerInfo") {
                _, context in
                let state = try volumes.current()
                let name = try context.parameters.require("peer")
                guard let peer = state.peer(named: name) else {
                    throw GD2Error(.notFound, "there is no peer \(name)")
                }
                return try Response.json(
                    VolumeShapes(state: state).peer(peer, isAlive: isAlive(peer)))
            },
        ]
    }

    private func isAlive(_ peer: Peer) -> Bool {
        let view = mirror.view
        // This node answers, so it lives, whatever the store's lease says while etcd is away.
        if peer.id == view.identity?.peer { return true }
        return view.identity.map { view.values[$0.keys.alive(peer.id)] != nil } ?? false
    }

    private func volumeReads() -> [Listed] {
        [
            Listed(
                name: "VolumeList", method: .get, path: "/v1/volumes", response: "[VolumeInfo]",
                waits: false
            ) { _, _ in
                try encoded.list(volumes.current())
            },
            Listed(
                name: "VolumeInfo", method: .get, path: "/v1/volumes/{volume}",
                response: "VolumeInfo", waits: false
            ) { _, context in
                let (volume, state) = try volume(context)
                return try encoded.info(volume, in: state)
            },
            Listed(
                name: "VolumeBricksStatus", method: .get, path: "/v1/volumes/{volume}/bricks",
                response: "[BrickStatus]"
            ) { _, context in
                let (volume, state) = try volume(context)
                return try Response.json(
                    VolumeShapes(state: state).bricks(volume, live: await live(volume)))
            },
            Listed(
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
            Listed(
                name: "VolumeStatus", method: .get, path: "/v1/volumes/{volume}/status",
                response: "VolumeStatus"
            ) { _, context in
                let (volume, state) = try volume(context)
                let shapes = VolumeShapes(state: state)
                let bricks = shapes.bricks(volume, live: await live(volume))
                let isOnline = volume.head.state == .started && bricks.contains(where: \.online)
                return try Response.json(
                    VolumeStatus(
                        info: shapes.info(volume), online: isOnline,
                        size: Self.size(volume, bricks)))
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

    /// What gd2-brickd says now; nil when it does not answer, so that its last reports are shown.
    private func live(_ volume: Volume) async -> [BrickState]? {
        try? await bricks.status(of: volume.id)
    }

    private func volumeWrites() -> [Listed] {
        [
            Listed(
                name: "VolumeCreate", method: .post, path: "/v1/volumes", request: "VolCreateReq",
                response: "VolumeInfo"
            ) { request, _ in
                let volume = try await volumes.create(request.value(VolCreateReq.self))
                var response = try Response.json(info(volume), status: .created)
                response.headers[.location] = "/v1/volumes/\(volume.name)"
                return response
            },
            Listed(name: "VolumeDelete", method: .delete, path: "/v1/volumes/{volume}") {
                _, context in
                try await volumes.delete(context.parameters.require("volume"))
                return Response(status: .noContent)
            },
            Listed(
                name: "VolumeStart", method: .post, path: "/v1/volumes/{volume}/start",
                request: "VolumeStartReq", response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolumeStartReq.self, absent: VolumeStartReq())
                let volume = try await volumes.start(
                    context.parameters.require("volume"), force: body.forceStartBricks ?? false)
                return try Response.json(info(volume))
            },
            Listed(
                name: "VolumeStop", method: .post, path: "/v1/volumes/{volume}/stop",
                request: "VolumeStopReq", response: "VolumeInfo"
            ) { _, context in
                let volume = try await volumes.stop(context.parameters.require("volume"))
                return try Response.json(info(volume))
            },
        ]
    }

    private func optionRoutes() -> [Listed] {
        let path = "/v1/volumes/{volume}/options"
        return [
            Listed(
                name: "VolumeOptions", method: .post, path: path, request: "VolOptionReq",
                response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolOptionReq.self)
                _ = try await volumes.fresh()
                let restart = try await options.set(body.options, of: volume(context).0)
                return try withRestartHeader(restart, volume(context).0)
            },
            Listed(
                name: "VolumeReset", method: .delete, path: path, request: "VolOptionResetReq",
                response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(
                    VolOptionResetReq.self, absent: VolOptionResetReq(all: true))
                let names = body.all == true ? nil : body.options
                _ = try await volumes.fresh()
                let restart = try await options.reset(
                    names, of: volume(context).0, force: body.force ?? false)
                return try withRestartHeader(restart, volume(context).0)
            },
            Listed(
                name: "VolumeOptionsGet", method: .get, path: path, response: "[VolumeOptionInfo]"
            ) { _, context in
                try Response.json(options.list(volume(context).0.options, isGlobal: false))
            },
            Listed(
                name: "VolumeOptionGet", method: .get, path: path + "/**",
                response: "VolumeOptionInfo"
            ) { _, context in
                let name = context.parameters.getCatchAll().joined(separator: "/")
                return try Response.json(
                    options.show(name, volume(context).0.options, isGlobal: false))
            },
            Listed(
                name: "SetClusterOptions", method: .post, path: "/v1/cluster/options",
                request: "VolOptionReq"
            ) { request, _ in
                _ = try await volumes.fresh()
                return try Response.json(
                    await options.setCluster(request.value(VolOptionReq.self).options))
            },
            Listed(
                name: "ResetClusterOptions", method: .delete, path: "/v1/cluster/options",
                request: "VolOptionResetReq"
            ) { request, _ in
                let body = try await request.value(
                    VolOptionResetReq.self, absent: VolOptionResetReq(all: true))
                _ = try await volumes.fresh()
                return try Response.json(
                    await options.resetCluster(body.all == true ? nil : body.options))
            },
            Listed(
                name: "GetClusterOption", method: .get, path: "/v1/cluster/options/**",
                response: "VolumeOptionInfo"
            ) { _, context in
                let name = context.parameters.getCatchAll().joined(separator: "/")
                return try Response.json(
                    options.show(name, volumes.current().clusterOptions, isGlobal: true))
            },
            Listed(name: "GetClusterOptions", method: .get, path: "/v1/cluster/options") { _, _ in
                try Response.json(options.list(volumes.current().clusterOptions, isGlobal: true))
            },
        ]
    }

    private func groupRoutes() -> [Listed] {
        let path = "/v1/volumes/options-group"
        return [
            Listed(
                name: "OptionGroupList", method: .get, path: path, response: "[OptionGroup]"
            ) { _, _ in
                _ = try await volumes.fresh()
                return try Response.json(options.groups.list().map(\.info))
            },
            Listed(
                name: "OptionGroupCreate", method: .post, path: path, request: "OptionGroupReq",
                response: "OptionGroup"
            ) { request, _ in
                let body = try await request.value(OptionGroupInfo.self)
                return try Response.json(await options.groups.create(body).info)
            },
            Listed(
                name: "OptionGroupDelete", method: .delete, path: path + "/{group}"
            ) { _, context in
                _ = try await volumes.fresh()
                try await options.groups.delete(context.parameters.require("group"))
                return Response(status: .noContent)
            },
        ]
    }

    private func withRestartHeader(_ keys: [String], _ volume: Volume) throws -> Response {
        var response = try Response.json(info(volume))
        if !keys.isEmpty, let name = HTTPField.Name(brickRestartHeader) {
            response.headers[name] = keys.joined(separator: ",")
        }
        return response
    }

    private func info(_ volume: Volume) throws -> VolumeInfo {
        try VolumeShapes(state: volumes.current()).info(volume)
    }

    private func volume(_ context: RESTContext) throws -> (Volume, ClusterState) {
        let state = try volumes.current()
        return (try volumes.volume(context.parameters.require("volume"), in: state), state)
    }
}
