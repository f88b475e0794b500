import Subprocess
import SystemPackage

/// Why there is nothing of what a program wrote.
public enum HelperError: Error, Equatable, CustomStringConvertible {
    case notStarted(path: String, StartFailure)
    case timedOut(Duration)
    case tooLong(bytes: Int)

    public enum StartFailure: Equatable, Sendable {
        /// It is being written just now (ETXTBSY).
        case busy
        case other(String)
    }

    init(_ error: SubprocessError, path: String, outputBytes: Int) {
        if error.code == .outputLimitExceeded {
            self = .tooLong(bytes: outputBytes)
        } else if error.underlyingError == .textFileBusy {
            self = .notStarted(path: path, .busy)
        } else {
            let why = error.underlyingError.map { "\($0)" } ?? "\(error)"
            self = .notStarted(path: path, .other(why))
        }
    }

    public var description: String {
        switch self {
        case .notStarted(let path, .busy): "\(path): it is being written just now"
        case .notStarted(let path, .other(let why)): "\(path): \(why)"
        case .timedOut(let limit): "it took longer than \(limit)"
        case .tooLong(let bytes): "it wrote more than \(bytes) bytes"
        }
    }
}

/// How a program ended.
public enum HelperEnd: Equatable, Sendable, CustomStringConvertible {
    case status(Int32)
    case signal(Int32)

    init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .status(code)
        case .signaled(let number): self = .signal(number)
        }
    }

    public var description: String {
        switch self {
        case .status(let code): "it ended with status \(code)"
        case .signal(let number): "it was ended by signal \(number)"
        }
    }
}
