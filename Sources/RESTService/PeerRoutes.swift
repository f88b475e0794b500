import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror

/// The routes of peers: GD2's five, and those of taking nodes in.
struct PeerRoutes: Sendable {
    let changes: PeerChanges
    private var local: LocalStore { changes.local }
    private var volumes: VolumeChanges { changes.volumes }

    var listed: [ListedRoute] { reads + writes + tokens + [pair] }

    private func shapes(_ state: ClusterState) async -> PeerShapes {
        PeerShapes(state: state, view: local.mirror.view, probed: await local.peers())
    }

    private var reads: [ListedRoute] {
        [
            .init(name: "GetPeers", method: .get, path: "/v1/peers", response: "[PeerInfo]") {
                request, _ in
                let query = request.uri.queryParameters
                let (key, value) = (query["key"].map(String.init), query["value"].map(String.init))
                let state = try volumes.current()
                let shapes = await shapes(state)
                let peers = state.peers.values.filter { $0.matches(key: key, value: value) }
                    .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
                return try Response.json(peers.map(shapes.info))
            },
            .init(name: "GetPeer", method: .get, path: "/v1/peers/{peer}", response: "PeerInfo") {
                _, context in
                let state = try volumes.current()
                let peer = try PeerChanges.peer(context.parameters.require("peer"), in: state)
                return try Response.json(await shapes(state).info(peer))
            },
        ]
    }

    private var writes: [ListedRoute] {
        [
            ListedRoute(
                name: "AddPeer", method: .post, path: "/v1/peers", request: "PeerAddReq",
                response: "PeerInfo"
            ) { request, _ in
                let peer = try await changes.add(request.value(PeerAddReq.self))
                let info = await shapes(try volumes.current()).info(peer)
                var response = try Response.json(info, status: .created)
                response.headers[.location] = "/v1/peers/\(peer.id)"
                return response
            }.keptAround().planned { request, _ in
                try await changes.planAdd(request.value(PeerAddReq.self))
            },
            ListedRoute(
                name: "EditPeer", method: .post, path: "/v1/peers/{peer}", request: "PeerEditReq",
                response: "PeerInfo"
            ) { request, context in
                let peer = try await changes.edit(
                    context.parameters.require("peer"), request.value(PeerEditReq.self))
                return try Response.json(await shapes(try volumes.current()).info(peer))
            }.keptAround().planned { request, context in
                try await changes.planEdit(
                    context.parameters.require("peer"), request.value(PeerEditReq.self))
            },
            ListedRoute(name: "DeletePeer", method: .delete, path: "/v1/peers/{peer}") {
                request, context in
                try await changes.remove(
                    context.parameters.require("peer"), force: request.flag("force"))
                return Response(status: .noContent)
            }.keptAround().planned { request, context in
                try await changes.planRemove(
                    context.parameters.require("peer"), force: request.flag("force"))
            },
        ]
    }

    // MARK: Taking nodes in

    private static let tokensPath = "/v1/peers/tokens"

    private var tokens: [ListedRoute] {
        [
            .init(
                name: "JoinTokens", method: .get, path: Self.tokensPath, response: "[TokenInfo]"
            ) { _, _ in
                let tokens = try await local.read("which join tokens there are") {
                    try await local.calls.tokens()
                }
                return try Response.json(
                    tokens.sorted { ($0.created, $0.id) < ($1.created, $1.id) }.map(TokenInfo.init))
            },
            .init(
                name: "JoinTokenCreate", method: .post, path: Self.tokensPath,
                request: "TokenCreateReq", response: "TokenCreated"
            ) { request, _ in
                let (valid, uses) = try await Self.token(request)
                _ = try await volumes.fresh()
                let made = try await local.calls.createToken(validFor: valid, uses: uses)
                return try Response.json(
                    TokenCreated(info: TokenInfo(made.token), token: made.secret), status: .created)
            }.neverKept().planned { request, _ in
                let (valid, uses) = try await Self.token(request)
                _ = try await volumes.fresh()
                return try await local.plan(
                    .createToken(validFor: valid, uses: uses), .create, "token")
            },
            .init(name: "JoinTokenRevoke", method: .delete, path: Self.tokensPath + "/{token}") {
                _, context in
                let id = try context.parameters.require("token")
                _ = try await volumes.fresh()
                try await local.calls.revokeToken(id)
                return Response(status: .noContent)
            }.keptAround().planned { _, context in
                let id = try context.parameters.require("token")
                _ = try await volumes.fresh()
                return try await local.plan(.revokeToken(id: id), .delete, "token/\(id)")
            },
        ]
    }

    /// Asked of the node that is to be added, which has nobody to talk to yet.
    private var pair: ListedRoute {
        .init(
            name: "Pair", method: .post, path: "/v1/peers/pair", request: "PairReq",
            response: "PairInfo"
        ) { request, _ in
            let valid = try await Self.pairing(request)
            _ = try await local.require()
            let made = try await local.calls.pair(validFor: valid)
            let own = volumes.cluster.current.selfPeer
            let address = own?.addresses.first { !PeerAddress.isLoopback($0) }
            return try Response.json(
                PairInfo(
                    code: made.code, expires: made.expires,
                    host: address ?? own?.name ?? "THIS_HOST"))
        }.neverKept().planned { request, _ in
            try await local.plan(.pair(validFor: Self.pairing(request)), .create, "code")
        }
    }

    private static func token(_ request: Request) async throws -> (valid: Duration, uses: Int) {
        let body = try await request.value(TokenCreateReq.self, absent: TokenCreateReq())
        let uses = body.uses ?? 1
        guard (1...Limits.tokenUsesMax).contains(uses) else {
            throw GD2Error(.invalid, "uses \(uses) is not within 1 to \(Limits.tokenUsesMax)")
        }
        return (try validity(body.validSeconds), uses)
    }

    private static func pairing(_ request: Request) async throws -> Duration {
        try validity(await request.value(PairReq.self, absent: PairReq()).validSeconds)
    }

    private static func validity(_ seconds: Int?) throws(GD2Error) -> Duration {
        let seconds = seconds ?? Limits.tokenSeconds
        guard (1...Limits.tokenSecondsMax).contains(seconds) else {
            throw GD2Error(
                .invalid,
                "valid-seconds \(seconds) is not within 1 to \(Limits.tokenSecondsMax)")
        }
        return .seconds(seconds)
    }
}

extension TokenInfo {
    init(_ token: JoinToken) {
        self.init(
            id: token.id, created: token.created, expires: token.expires, usesLeft: token.usesLeft)
    }
}
