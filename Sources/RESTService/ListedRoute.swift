import HTTPTypes
import Hummingbird

/// One route as `GET /endpoints` lists it.
struct ListedRoute: Sendable {
    var name: String
    var method: HTTPRequest.Method
    var path: String
    var request = ""
    var response = ""
    /// Whether it may have to wait, and so has a time limit.
    var waits = true
    var body: @Sendable (Request, RESTContext) async throws -> Response
}
