import Subprocess
import SystemPackage

/// Another program that is run to its end for what it writes: in a process group of its own, with
/// nothing of ours open, and ended, with its children, when it takes too long, writes too much, or
/// is not waited for any more.
public struct HelperProgram: Sendable {
    /// Absolute.
    public var path: String
    /// What it is told it is called; nil: `path`.
    public var name: String?
    public var environment: [String: String]
    public var time: Duration
    public var outputBytes: Int

    public init(
        path: String, name: String? = nil, environment: [String: String], time: Duration,
        outputBytes: Int
    ) {
        self.path = path
        self.name = name
        self.environment = environment
        self.time = time
        self.outputBytes = outputBytes
    }

    public struct Outcome: Sendable {
        public var end: HelperEnd
        public var output: [UInt8]
    }

    /// Where its errors go.
    public enum Errors: Sendable {
        /// To those of this process.
        case inherited
        /// Into its output.
        case combined
    }

    /// What it wrote, however it ended.
    public func run(_ arguments: [String], errors: Errors) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask { try await started(arguments, errors) }
            group.addTask {
                try await Task.sleep(for: time)
                throw HelperError.timedOut(time)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func started(_ arguments: [String], _ errors: Errors) async throws -> Outcome {
        // A program that is just being installed is busy (ETXTBSY) for a moment.
        for _ in 1..<Limits.busyTries {
            do { return try await once(arguments, errors) } catch HelperError.notStarted(_, .busy) {
                try await Task.sleep(for: Limits.busyPause)
            }
        }
        return try await once(arguments, errors)
    }

    private func once(_ arguments: [String], _ errors: Errors) async throws -> Outcome {
        do {
            switch errors {
            case .inherited: return try await once(arguments, .currentStandardError)
            case .combined: return try await once(arguments, .combinedWithOutput)
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw HelperError(error, path: path, outputBytes: outputBytes)
        }
    }

    private func once(
        _ arguments: [String], _ errors: some ErrorOutputProtocol
    ) async throws -> Outcome {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
        ]
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(executablePathOverride: name, remainingValues: arguments),
            environment: .custom(
                Dictionary(
                    uniqueKeysWithValues: environment.map {
                        (Environment.Key(stringLiteral: $0.key), $0.value)
                    })),
            platformOptions: options, output: .bytes(limit: outputBytes), error: errors)
        return Outcome(end: HelperEnd(result.terminationStatus), output: result.standardOutput)
    }
}
