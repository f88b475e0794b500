import GD2Error
import HTTPTypes
import Hummingbird
import RESTAPI

/// One route as `GET /endpoints` lists it.
struct ListedRoute: Sendable {
    var name: String
    var method: HTTPRequest.Method
    var path: String
    var request = ""
    var response = ""
    /// Whether it may have to wait, and so has a time limit.
    var waits = true
    /// What a change would do, for `?dry-run=true`; a route without one refuses the parameter.
    var plan: (@Sendable (Request, RESTContext) async throws -> DryRunInfo)?
    var body: @Sendable (Request, RESTContext) async throws -> Response
}

extension ListedRoute {
    /// The same route with its dry run.
    func planned(
        _ plan: @escaping @Sendable (Request, RESTContext) async throws -> DryRunInfo
    ) -> ListedRoute {
        var route = self
        route.plan = plan
        return route
    }

    /// Answers a request, or, where it is a dry run, what it would do.
    func answer(_ request: Request, _ context: RESTContext) async throws -> Response {
        guard method != .get, try request.flag(dryRunParameter) else {
            return try await body(request, context)
        }
        guard let plan else {
            throw GD2Error(
                .invalid, "\(method) \(path) has no dry run: nothing was done")
        }
        return try Response.json(await plan(request, context))
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
