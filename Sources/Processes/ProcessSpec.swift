/// A process to be started.
public struct ProcessSpec: Hashable, Sendable {
    /// Name of its unit, without `.service`; unique for each start.
    public var unit: String
    public var description: String
    public var executable: String
    public var arguments: [String]

    public init(unit: String, description: String, executable: String, arguments: [String]) {
        self.unit = unit
        self.description = description
        self.executable = executable
        self.arguments = arguments
    }
}

public enum ProcessError: Error, Equatable, CustomStringConvertible {
    case failed(call: String, errno: Int32)
    case systemd(String)
    case noProcess

    public var description: String {
        switch self {
        case .failed(let call, let code): "\(call): \(errorText(code))"
        case .systemd(let why): "systemd did not start it: \(why)"
        case .noProcess: "it ended before it had begun"
        }
    }
}

/// Starts processes that outlive this one.
public protocol ProcessLauncher: Sendable {
    /// Its pid. The process goes on when this one ends.
    func launch(_ spec: ProcessSpec) async throws(ProcessError) -> Int32
}
