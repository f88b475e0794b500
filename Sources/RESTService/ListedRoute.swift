import GD2Error
import HTTPTypes
import Hummingbird
import HummingbirdCore
import RESTAPI
import StoreAPI

/// One route as `GET /endpoints` lists it.
struct ListedRoute: Sendable {
    var name: String
    var method: HTTPRequest.Method
    var path: String
    var request = ""
    var response = ""
    /// Whether it may have to wait, and so has a time limit.
    var waits = true
    /// Whether its change is a job; other routes refuse `?async=true`.
    var isJob = false
    /// How a change meets an idempotency key.
    var repeats = Repeats.inItsTxn
    /// What a change would do, for `?dry-run=true`; a route without one refuses the parameter.
    var plan: (@Sendable (Request, RESTContext) async throws -> DryRunInfo)?
    var body: @Sendable (Request, RESTContext) async throws -> Response
}

extension ListedRoute {
    /// Where the key of a change that is asked for twice is kept.
    enum Repeats {
        /// With the change, by ``Asked/keeping(_:job:answer:)``.
        case inItsTxn
        /// Before and after it: it is made elsewhere.
        case around
        /// Nowhere: there may be no store yet, or the answer holds a secret.
        case never
    }

    /// The same route; an idempotency key is taken before its change and its answer kept after it.
    func keptAround() -> ListedRoute {
        var route = self
        route.repeats = .around
        return route
    }

    /// The same route; it refuses an idempotency key.
    func neverKept() -> ListedRoute {
        var route = self
        route.repeats = .never
        return route
    }

    /// The same route; its change is a job, which can be answered before it ends.
    func asJob() -> ListedRoute {
        var route = self
        route.isJob = true
        return route
    }

    /// The same route with its dry run.
    func planned(
        _ plan: @escaping @Sendable (Request, RESTContext) async throws -> DryRunInfo
    ) -> ListedRoute {
        var route = self
        route.plan = plan
        return route
    }

    /// Answers a request, or, where it is a dry run, what it would do.
    /// A change with an idempotency key that was used before is answered as then. Its body has to
    /// find a place in `room`.
    func answer(
        _ request: Request, _ context: RESTContext, _ repeated: RepeatedRequests,
        _ room: BodyRoom
    ) async throws -> Response {
        guard method != .get else { return try await body(request, context) }
        let isDry = try request.flag(dryRunParameter)
        guard !isDry || plan != nil else {
            throw GD2Error(.invalid, "\(method) \(path) has no dry run: nothing was done")
        }
        var (request, context) = (request, context)
        var share = BodyShare(of: room)
        defer { share.giveBack() }
        let buffer = try await request.collect(&share)
        request.body = RequestBody(buffer: buffer)
        if isDry, let plan { return try Response.json(await plan(request, context)) }
        let asked = try Asked(request, buffer, context.caller)
        guard !asked.isAsync || isJob else {
            throw GD2Error(.invalid, "\(method) \(path) is no job: nothing was done")
        }
        context.asked = asked
        switch repeats {
        case .inItsTxn: return try await answerOnce(asked, request, context, repeated)
        case .around:
            let (asking, about) = (request, context)
            return try await repeated.once(asked) { try await body(asking, about) }
        case .never:
            guard asked.key == nil else {
                throw GD2Error(
                    .invalid,
                    "\(method) \(path) takes no \(idempotencyHeader): nothing was done")
            }
            return try await body(request, context)
        }
    }

    private func answerOnce(
        _ asked: Asked, _ request: Request, _ context: RESTContext, _ repeated: RepeatedRequests
    ) async throws -> Response {
        do { return try await body(request, context) } catch {
            // Nothing was done, and the store that knows of the first request is away.
            if TransactionRunner.failure(error).code == .unavailable { throw error }
            // The failure may be what comes of asking twice.
            let first: Response?
            do { first = try await repeated.answer(to: asked) } catch is StoreError { throw error }
            guard let first else { throw error }
            return first
        }
    }
}

extension Request {
    /// A query parameter that is true or false; one without a value is true.
    func flag(_ name: String) throws(GD2Error) -> Bool {
        guard let value = uri.queryParameters[Substring(name)] else { return false }
        switch value.lowercased() {
        case "", "true", "1", "yes": return true
        case "false", "0", "no": return false
        default:
            throw GD2Error(.invalid, "parameter \(name) can be true or false, not \"\(value)\"")
        }
    }
}
