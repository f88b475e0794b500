import EventLoopTasks
import FoundationEssentials
import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RESTAPI
import StoreAPI
import StoreMirror

/// Answers one request: who asks, what is asked, and failures in GD2's form.
struct Responder: Sendable {
    let router: any HTTPResponder<RESTContext>
    let authorizer: Authorizer
    let mirror: StoreMirror
    let log: Logger
    private let timers = RequestTimers()

    init(
        router: any HTTPResponder<RESTContext>, authorizer: Authorizer, mirror: StoreMirror,
        log: Logger
    ) {
        self.router = router
        self.authorizer = authorizer
        self.mirror = mirror
        self.log = log
    }

    /// Paths that anybody may ask, so that a load balancer can.
    private static let open: Set<String> = ["/ping", "/version"]
    private static let requestID = HTTPField.Name("X-Request-Id")
    private static let revision = HTTPField.Name(revisionHeader)
    private static let viewAge = HTTPField.Name(viewAgeHeader)
    private static let laterEpoch = HTTPField.Name(laterEpochHeader)
    private static let clusterID = HTTPField.Name("X-Gluster-Cluster-Id")
    private static let peerID = HTTPField.Name("X-Gluster-Peer-Id")

    func respond(to request: Request, from caller: Caller) async -> Response {
        let id =
            Self.requestID.flatMap { request.headers[$0] }.flatMap(Self.acceptable) ?? Self.newID()
        let began = ContinuousClock.now
        let view = mirror.view
        var response: Response
        do {
            response = try await answer(request, caller)
        } catch {
            response = Response.failure(Self.failure(error))
        }
        // A read is at least as new as what was known when it began: what came meanwhile may be in
        // it or not. Of a change it is told what is known after it.
        let isRead = request.method == .get || request.method == .head
        decorate(&response, id, isRead ? view : mirror.view)
        let method = request.method.rawValue
        timers.record(ContinuousClock.now - began, method: method, status: response.status.code)
        log.log(
            level: request.method == .get ? .debug : .notice, "request",
            metadata: [
                "method": "\(method)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "caller": "\(caller.description)",
                "request": "\(id)",
            ])
        return response
    }

    private func answer(_ request: Request, _ caller: Caller) async throws -> Response {
        if !Self.open.contains(request.uri.path) {
            let bearer = request.headers[.authorization].flatMap { header -> String? in
                let parts = header.split(separator: " ")
                return parts.count == 2 && parts[0].lowercased() == "bearer"
                    ? String(parts[1]) : nil
            }
            try await authorizer.check(
                caller, method: request.method.rawValue, path: request.uri.path, bearer: bearer)
        }
        let context = RESTContext(source: RESTSource(logger: log, caller: caller))
        let isHead = request.method == .head
        var head = request.head
        if isHead { head.method = .get }
        let asked = Request(head: head, body: request.body)
        // A read is answered where its connection is; a change calls other programs, and each call
        // would go to their connections' loop and back.
        let isRead = head.method == .get
        var response =
            isRead
            ? try await router.respond(to: asked, context: context)
            : try await onEventLoop { try await router.respond(to: asked, context: context) }
        // The router's own answer to a path that it does not have is empty.
        if response.status == .notFound, response.headers[.contentType] == nil {
            throw GD2Error(.notFound, "there is no path \(request.uri.path)")
        }
        // As GET, without the body (RFC 9110, section 9.3.2).
        if isHead {
            response.body = ResponseBody(contentLength: response.body.contentLength) { writer in
                try await writer.finish(nil)
            }
        }
        return response
    }

    private func decorate(_ response: inout Response, _ id: String, _ view: MirrorView) {
        func set(_ name: HTTPField.Name?, _ value: String) {
            if let name { response.headers[name] = value }
        }
        set(Self.requestID, id)
        if let identity = view.identity {
            set(Self.clusterID, identity.cluster.description)
            set(Self.peerID, identity.peer.description)
            set(Self.revision, String(view.revision))
        }
        switch view.freshness {
        case .current: break
        case .stale(let age?): set(Self.viewAge, String(age.components.seconds))
        case .stale(nil): set(Self.viewAge, "unknown")
        }
        if let epoch = view.laterEpoch { set(Self.laterEpoch, "\(epoch)") }
    }

    private static func failure(_ error: any Error) -> GD2Error {
        if let error = error as? HTTPError {
            return GD2Error(
                .init(httpStatus: error.status.code),
                error.body ?? (error.status == .notFound ? "no such path" : "\(error.status)"))
        }
        return TransactionRunner.failure(error)
    }

    private static func acceptable(_ id: String) -> String? {
        id.utf8.count <= 64 && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? id : nil
    }

    private static func newID() -> String {
        // Foundation's UUID() opens /dev/urandom each time.
        var generator = SystemRandomNumberGenerator()
        return TransactionID(using: &generator).description
    }
}
