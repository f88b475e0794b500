import BrickAPI
import Crypto
import FoundationEssentials
import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PmapAPI
import RESTAPI
import StoreAPI
import StoreMirror
import StoreSchema
import StoreTesting
import Synchronization
import TemporaryFolder
import Transaction
import XlatorTables

@testable import RESTService

/// gd2-rest's answers over a store in memory; no socket, and no gd2-brickd.
struct RESTFixture {
    static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    let store: InMemoryStore
    let cluster: FakeCluster
    let mirror: StoreMirror
    let nodes: NodeBricks
    /// What carries changes out; run only where a test wants changes.
    private let services: Services
    private let responder: Responder

    private struct Services {
        var session: Session
        var runner: TransactionRunner
        var jobs: JobKeeper
    }

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var body: Data

        func error() throws -> ErrorResponse { try value(ErrorResponse.self) }

        func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: body)
        }
    }

    /// With `steps`, changes are carried out, and those are the nodes' part. Nodes are waited for
    /// as long as `convergence`.
    static func with(
        secret: [UInt8]? = secret, steps: (any StepTarget)? = nil,
        convergence: Duration = .seconds(30), programs: [OwnProgram] = [],
        _ body: (RESTFixture) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            try await with(folder, secret, steps, convergence, programs, body)
        }
    }

    private static func with(
        _ folder: String, _ secret: [UInt8]?, _ steps: (any StepTarget)?, _ convergence: Duration,
        _ programs: [OwnProgram], _ body: (RESTFixture) async throws -> Void
    ) async throws {
        let identity = StoreIdentity(
            cluster: ClusterID(high: 1, low: 1), peer: PeerID(high: 2, low: 2), epoch: Epoch(1))
        let store = InMemoryStore(identity: identity)
        let peer = Peer(
            id: identity.peer, name: "n1", addresses: ["n1"], clientAddresses: ["n1:24007"])
        let written = try await store.txn(
            if: [],
            then: [
                .put(
                    key: identity.keys.peer(identity.peer), value: try RecordCoding.encode(peer)),
                .put(
                    key: identity.keys.schemaVersion,
                    value: try RecordCoding.encode(
                        StoredSchemaVersion(SuiteBuild.current.newest))),
            ])
        var log = Logger(label: "test")
        log.logLevel = .critical
        let mirror = StoreMirror(
            store: store, prefixes: { [$0.prefix] }, stateFile: folder + "/view", log: log)
        let cluster = FakeCluster(store: store, identity: identity)
        let local = LocalStore(
            calls: cluster, store: store, mirror: mirror,
            status: { try await cluster.status() },
            waits: LocalStore.Waits(
                read: .seconds(4), probes: .seconds(2), fresh: .seconds(6)))
        let nodes = NodeBricks(own: try BrickClient(path: folder + "/nobody"), local: local)
        let session = Session(store: store, mirror: mirror, log: log)
        let services = Services(
            session: session,
            runner: TransactionRunner(
                store: store, mirror: mirror, session: session, bricks: steps ?? NoSteps(),
                log: log),
            jobs: JobKeeper(
                store: store, mirror: mirror, session: session, convergence: convergence,
                silent: { await local.silent(of: $0) }, log: log))
        let fixture = RESTFixture(
            store: store, cluster: cluster, mirror: mirror, nodes: nodes, services: services,
            responder: try Self.responder(
                store, nodes, services, folder, log, programs
            ) { secret })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            group.addTask { try await services.session.run() }
            if steps != nil {
                group.addTask { try await services.runner.run() }
                group.addTask { try await services.jobs.run() }
            }
            _ = try await mirror.wait(for: written.revision, timeout: .seconds(30))
            // From here on nothing is written by itself.
            _ = try await services.session.require()
            _ = try await mirror.wait(for: store.revision, timeout: .seconds(30))
            try await body(fixture)
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    private static func responder(
        _ store: InMemoryStore, _ nodes: NodeBricks, _ services: Services, _ folder: String,
        _ log: Logger, _ programs: [OwnProgram],
        _ secret: @escaping @Sendable () -> [UInt8]?
    ) throws -> Responder {
        let mirror = nodes.local.mirror
        // It is never run, so it stays the built-in table.
        let table = InstalledOptionTable(
            folder: folder, cache: TableCache(path: folder + "/tables"), log: log)
        var routes = Routes(
            volumes: VolumeChanges(
                store: store, mirror: mirror, local: nodes.local,
                cluster: ClusterReader(mirror), session: services.session,
                runner: services.runner, options: table, jobs: services.jobs,
                gates: FeatureGates(store: store, build: .current)),
            options: OptionChanges(
                store: store, mirror: mirror, local: nodes.local, cluster: ClusterReader(mirror),
                tables: table),
            mirror: mirror,
            bricks: nodes,
            pmap: try PmapClient(path: folder + "/nobody"))
        routes.programs = programs
        return Responder(
            router: routes.router().buildResponder(),
            authorizer: Authorizer(adminGroup: "no-such-group", secret: secret), mirror: mirror,
            log: log)
    }

    private struct NoSteps: StepTarget {
        func isAway(_: PeerID) async -> Bool { false }

        func run(_ command: StepCommand, on peer: PeerID) async throws {
            throw GD2Error(.unavailable, "no gd2-brickd here")
        }
    }

    /// `token` sends the request over the network with it; else it is root's, on `rest.sock`.
    func send(
        _ method: HTTPRequest.Method, _ path: String, body: String = "",
        headers: HTTPFields = [:], origin: Caller.Origin = .local(uid: 0, gid: 0)
    ) async throws -> Answer {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "n1", path: path, headerFields: headers)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
        let response = await responder.respond(to: request, from: Caller(origin: origin))
        let collector = BodyCollector()
        try await response.body.write(collector)
        return Answer(
            status: response.status.code, headers: response.headers,
            body: Data(collector.collected.readableBytesView))
    }
}
