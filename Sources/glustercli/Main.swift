import ArgumentParser
import CLICommands
import GD2Error
import Glibc

@main
enum Main {
    static func main() async {
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            var command = try Glustercli.parseAsRoot(try CommandWords.ordered(words))
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch let error as GD2Error {
            write("glustercli: \(error.message)", to: STDERR_FILENO)
            exit(ExitStatus(error.code).rawValue)
        } catch {
            // ArgumentParser's own number for wrong usage is 64; scripts are promised 2.
            let status = Glustercli.exitCode(for: error).rawValue
            let text = Glustercli.fullMessage(for: error)
            if !text.isEmpty { write(text, to: status == 0 ? STDOUT_FILENO : STDERR_FILENO) }
            exit(status == EX_USAGE ? ExitStatus.usage.rawValue : status)
        }
    }

    private static func write(_ line: String, to output: Int32) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
    }
}
