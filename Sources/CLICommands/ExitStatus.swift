public import GD2Error

/// How `glustercli` ends, by kind of failure; scripts rely on these numbers.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    /// A dry run that finds something to do.
    case changesPending = 3
    case notAllowed = 4
    case notFound = 5
    case conflict = 6
    /// Unavailable or timed out: the same command may work later.
    case unavailable = 7

    /// After Ctrl-C, as shells count it: 128 and SIGINT's number.
    static let interrupted: Int32 = 130

    /// One line for all of them, for the help.
    static let summary =
        "Exit status: "
        + allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: ", ") + "."

    private var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .usage: "wrong usage or value"
        case .changesPending: "changes pending (--dry-run)"
        case .notAllowed: "not allowed"
        case .notFound: "not found"
        case .conflict: "conflict with the present state"
        case .unavailable: "unavailable or timed out"
        }
    }

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
