public import ArgumentParser
import FoundationEssentials
import GD2Error
import Glibc

/// How an answer is written.
public enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, name
}

/// The flags of every command.
struct CommonOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "How to write the answer: table, the API's own json, or name, one a line.",
            valueName: "format"))
    var output = OutputFormat.table

    @Option(
        help: ArgumentHelp(
            "Where gd2-rest is: unix:/PATH, http://HOST:PORT or https://HOST:PORT.",
            valueName: "url"))
    var endpoint =
        ProcessInfo.processInfo.environment["GLUSTERCLI_ENDPOINT"] ?? APIClient.localEndpoint

    @Option(
        help: ArgumentHelp("Seconds to wait for an answer, 1 to 86400.", valueName: "seconds"))
    var timeout = 120

    func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout \(timeout) is not within 1 to 86400")
        }
    }

    enum Mode: String, ExpressibleByArgument, CaseIterable { case script, interactive }

    @Option(help: "GD1's word: script asks nothing, as --yes.")
    var mode = Mode.interactive

    @Flag(name: [.customShort("y"), .long], help: "Do not ask before something is lost.")
    var yes = false

    @Option(
        help: ArgumentHelp("Over TCP: who asks; the issuer of the tokens.", valueName: "name"))
    var user = "glustercli"

    @Option(
        help: ArgumentHelp(
            "Over TCP: the file with the secret that requests are signed with "
                + "(else GD2_AUTH_SECRET, else \(TokenSigner.standardFile)).", valueName: "file"))
    var secretFile: String?

    @Option(help: ArgumentHelp("Over https: the authority to trust (PEM).", valueName: "file"))
    var cacert: String?

    @Flag(help: "Over https: take any certificate.")
    var insecure = false

    var client: APIClient {
        get throws(GD2Error) {
            let environment = ProcessInfo.processInfo.environment
            return try APIClient(
                endpoint: endpoint,
                signer: endpoint.hasPrefix("unix:")
                    ? nil
                    : try TokenSigner.find(user: user, file: secretFile, environment: environment),
                trust: insecure ? .anybody : cacert.map { .authority($0) } ?? .system,
                timeout: .seconds(timeout))
        }
    }

    /// Asks before something is lost; without a terminal somebody has to have said so before.
    func confirm(_ question: String) throws(GD2Error) {
        if yes || mode == .script { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw GD2Error(.invalid, "\(question) Add --yes or --mode=script to say yes")
        }
        try StandardStreams.write("\(question) (y/n) ", as: "the question")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw GD2Error(.invalid, "nothing was changed")
        }
    }
}

/// Runs a command's body; a failure is one line on standard error and an exit status by its kind.
func running(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as GD2Error {
        writeError("glustercli: \(error.message)")
        throw ExitCode(ExitStatus(error.code).rawValue)
    } catch let error as ExitCode {
        throw error
    } catch {
        writeError("glustercli: \(error)")
        throw ExitCode(ExitStatus.failed.rawValue)
    }
}
