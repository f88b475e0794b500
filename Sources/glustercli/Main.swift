import ArgumentParser
import CLICommands
import Glibc

@main
enum Main {
    static func main() async {
        do {
            var command = try Glustercli.parseAsRoot()
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            // ArgumentParser's own number for wrong usage is 64; scripts are promised 2.
            let status = Glustercli.exitCode(for: error).rawValue
            let text = Glustercli.fullMessage(for: error)
            if !text.isEmpty {
                let bytes = Array((text + "\n").utf8)
                let output = status == 0 ? STDOUT_FILENO : STDERR_FILENO
                _ = bytes.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
            }
            exit(status == EX_USAGE ? ExitStatus.usage.rawValue : status)
        }
    }
}
