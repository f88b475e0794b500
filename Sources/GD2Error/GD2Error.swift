/// What kind of failure a request met. One table a vocabulary maps it outward: HTTP status in
/// RESTService, exit status in CLICommands, gRPC status in LocalGRPC.
public enum ErrorCode: String, Sendable, Codable, CaseIterable {
    /// The request is wrong whatever the state is.
    case invalid
    /// The caller did not say who it is.
    case unauthenticated
    /// The caller may not do this.
    case notAllowed = "not-allowed"
    case notFound = "not-found"
    /// The state does not allow it, or somebody else holds the lock.
    case conflict
    /// Something that depends on it exists (GD2's 424 for snapshots).
    case dependency
    /// The caller's last known version is not the present one.
    case preconditionFailed = "precondition-failed"
    case tooLarge = "too-large"
    case tooManyRequests = "too-many-requests"
    /// A part that is needed does not answer now; the same request may work later.
    case unavailable
    /// The time limit passed; the request may have been carried out.
    case timedOut = "timed-out"
    /// A bug, or a damaged file.
    case `internal`
}

/// A failure at the edge of a process: what the caller is told.
///
/// `message` is one clause that can follow a colon, names the object, and says the way out. The
/// cause is logged where the error is made, and never sent.
public struct GD2Error: Error, Equatable, Sendable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String
    /// GD2's error fields: for example `["brick": "/b1", "peer": "…"]`.
    public var fields: [String: String]

    public init(_ code: ErrorCode, _ message: String, fields: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.fields = fields
    }

    public var description: String { message }
}
