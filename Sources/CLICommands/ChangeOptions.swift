import ArgumentParser
import FoundationEssentials
import GD2Error
import Glibc
import GlusterModel
import RESTAPI

/// The flags of every command that changes something.
struct ChangeOptions: ParsableArguments {
    @Flag(
        help: "Say what would change, and change nothing; the exit status is 3 if anything would.")
    var dryRun = false
}

/// GD1's word `force` at the end, as a flag.
struct ForceOption: ParsableArguments {
    @Flag(name: [.customShort("f"), .long], help: "As the word force at the end.")
    var force = false
}

/// The flags of every command whose change is a job.
struct JobOptions: ParsableArguments {
    @OptionGroup var change: ChangeOptions

    @Flag(
        name: .customLong("async"),
        help: "Do not wait: print the job's id, for glustercli job wait ID.")
    var isAsync = false

    var dryRun: Bool { change.dryRun }
}

extension CommonOptions {
    /// Asks what a change would do and says so; ends the command with 3 where that is something.
    func plan(_ method: String, _ path: String, _ body: (any Encodable & Sendable)?) async throws {
        let query = "\(path.contains("?") ? "&" : "?")\(dryRunParameter)=true"
        let answer = try await client.send(method, path + query, body)
        let info = try APIClient.decode(DryRunInfo.self, answer.body)
        try render(info, as: output, names: info.changes.map(\.object)) {
            let lines = info.changes.map(\.text) + info.notes.map { "note: \($0)" }
            return lines.isEmpty
                ? "nothing would change\n" : lines.map { $0 + "\n" }.joined()
        }
        if !info.changes.isEmpty { throw ExitCode(ExitStatus.changesPending.rawValue) }
    }

    /// Makes a change that has a key of its own, so that it can be sent again when the connection
    /// breaks: it is made once.
    func change(
        _ method: String, _ path: String, _ body: (any Encodable & Sendable)?
    ) async throws -> APIClient.Answer {
        try await client.send(method, path, body, key: Self.newKey())
    }

    /// Makes a change that is a job. Nil: its id was printed, and it is not waited for. On a
    /// terminal its progress is shown, and Ctrl-C leaves it running.
    func perform(
        _ method: String, _ path: String, _ body: (any Encodable & Sendable)?, _ options: JobOptions
    ) async throws -> JobAnswer? {
        guard options.isAsync || isatty(STDERR_FILENO) == 1 else {
            return .direct(try await change(method, path, body))
        }
        let answer = try await change(method, "\(path)?\(asyncParameter)=true", body)
        let job = try APIClient.decode(JobInfo.self, answer.body)
        if options.isAsync {
            try writing(orElse: "job \(job.id) goes on") {
                try render(job, as: output, names: [job.id]) { "\(job.id)\n" }
            }
            return nil
        }
        let client = try client
        return .job(try await JobWatch(client: client, limit: .seconds(timeout)).end(of: job))
    }

    private static func newKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return "glustercli-\(JobID(using: &generator))"
    }
}

/// What a change that is a job was answered.
enum JobAnswer {
    case direct(APIClient.Answer)
    /// It is done.
    case job(JobInfo)

    /// The volume that it changed.
    func volume(_ client: APIClient) async throws -> VolumeInfo {
        switch self {
        case .direct(let answer): return try APIClient.decode(VolumeInfo.self, answer.body)
        case .job(let job):
            guard let path = job.result else {
                throw GD2Error(.internal, "job \(job.id) is done and names no result")
            }
            return try await client.get(path, as: VolumeInfo.self)
        }
    }
}
