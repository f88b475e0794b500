public import GD2Error

/// How `glustercli` ends, by kind of failure; scripts rely on these numbers.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    /// A dry run found something to do.
    case changesPending = 3
    case notAllowed = 4
    case notFound = 5
    case conflict = 6
    /// Unavailable or timed out: the same command may work later.
    case unavailable = 7

    public init(_ code: ErrorCode) {
        self =
            switch code {
            case .invalid: .usage
            case .unauthenticated, .notAllowed: .notAllowed
            case .notFound: .notFound
            case .conflict, .dependency, .preconditionFailed: .conflict
            case .unavailable, .timedOut, .tooManyRequests: .unavailable
            case .tooLarge, .internal: .failed
            }
    }
}
