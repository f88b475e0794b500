import ArgumentParser
import CLICommands
import GD2Error
import Glibc

@main
enum Main {
    static func main() async {
        StandardStreams.keep()
        do {
            let words = try CommandWords.decoded(arguments)
            var command = try Glustercli.parseAsRoot(try CommandWords.ordered(words))
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch let error as GD2Error {
            exit(failed(error))
        } catch {
            // ArgumentParser's own number for wrong usage is 64; scripts are promised 2.
            let status = Glustercli.exitCode(for: error).rawValue
            let text = Glustercli.fullMessage(for: error)
            if status == 0 { exit(answered(text)) }
            if !text.isEmpty { StandardStreams.writeError(text) }
            exit(status == EX_USAGE ? ExitStatus.usage.rawValue : status)
        }
    }

    /// Without the program's name, and byte by byte.
    private static var arguments: [[UInt8]] {
        let all = UnsafeMutableBufferPointer(
            start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return all.dropFirst().compactMap { argument in
            guard let argument else { return nil }
            var count = 0
            while argument[count] != 0 { count += 1 }
            return Array(UnsafeRawBufferPointer(start: argument, count: count))
        }
    }

    /// Help and versions; the exit status.
    private static func answered(_ text: String) -> Int32 {
        if text.isEmpty { return ExitStatus.done.rawValue }
        do { try StandardStreams.write(text + "\n") } catch { return failed(error) }
        return ExitStatus.done.rawValue
    }

    /// The exit status.
    private static func failed(_ error: GD2Error) -> Int32 {
        StandardStreams.writeError("glustercli: \(error.message)")
        return ExitStatus(error.code).rawValue
    }
}
