import ArgumentParser
import RESTAPI

/// The flags of every command that changes something.
struct ChangeOptions: ParsableArguments {
    @Flag(
        help: "Say what would change, and change nothing; the exit status is 3 if anything would.")
    var dryRun = false
}

extension CommonOptions {
    /// Asks what a change would do and says so; ends the command with 3 where that is something.
    func plan(_ method: String, _ path: String, _ body: (any Encodable & Sendable)?) async throws {
        let query = (path.contains("?") ? "&" : "?") + "\(dryRunParameter)=true"
        let answer = try await client.send(method, path + query, body)
        let info = try APIClient.decode(DryRunInfo.self, answer.body)
        try render(info, as: output, names: info.changes.map(\.object)) {
            let lines = info.changes.map(\.text) + info.notes.map { "note: \($0)" }
            return lines.isEmpty
                ? "nothing would change\n" : lines.map { $0 + "\n" }.joined()
        }
        if !info.changes.isEmpty { throw ExitCode(ExitStatus.changesPending.rawValue) }
    }
}
