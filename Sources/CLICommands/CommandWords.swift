import ArgumentParser
public import GD2Error

/// A command line as it is typed, and as ArgumentParser takes it: options of every command may
/// stand before it (GD1's `--mode=script volume stop gv0`), `help` after a noun, and a word that is
/// no command is refused with those that are.
public enum CommandWords {
    /// Options of ``CommonOptions`` that have a value after them.
    private static let valued: Set<String> = [
        "-o", "--output", "--endpoint", "--timeout", "--mode", "--user", "--secret-file",
        "--cacert",
    ]
    private static let flags: Set<String> = ["-y", "--yes", "--insecure"]

    /// How much of an argument a refusal shows.
    private static let shownBytes = 200

    /// The arguments as they came. Swift's own would have U+FFFD for what is not UTF-8, and so
    /// mean something else.
    public static func decoded(_ arguments: [[UInt8]]) throws(GD2Error) -> [String] {
        var words: [String] = []
        for (index, argument) in arguments.enumerated() {
            guard let word = String(validating: argument, as: UTF8.self) else {
                throw GD2Error(
                    .invalid, "argument \(index + 1), \"\(shown(argument))\", is not UTF-8")
            }
            words.append(word)
        }
        return words
    }

    /// What a terminal may get: ASCII, and the other bytes as \xHH.
    private static func shown(_ argument: [UInt8]) -> String {
        argument.prefix(shownBytes).map { byte in
            (0x20..<0x7f).contains(byte)
                ? String(decoding: [byte], as: UTF8.self)
                : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined() + (argument.count > shownBytes ? "…" : "")
    }

    public static func ordered(_ words: [String]) throws(GD2Error) -> [String] {
        var (options, rest) = leadingOptions(words)
        var command: any ParsableCommand.Type = Glustercli.self
        var path: [String] = []
        while !command.configuration.subcommands.isEmpty, let word = rest.first {
            if word == "help", !path.isEmpty { return ["help"] + path + rest.dropFirst() }
            guard let next = command.configuration.subcommands.first(where: { $0.isCalled(word) })
            else {
                guard !word.hasPrefix("-"), word != "help",
                    command.configuration.defaultSubcommand == nil
                else { break }
                throw unknown(word, in: command, path)
            }
            command = next
            path.append(word)
            rest.removeFirst()
        }
        return path + options + rest
    }

    private static func leadingOptions(
        _ words: [String]
    ) -> (options: [String], rest: ArraySlice<String>) {
        var options: [String] = []
        var rest = words[...]
        while let word = rest.first {
            let name = word.prefix { $0 != "=" }
            guard valued.contains(String(name)) || flags.contains(word) else { break }
            options.append(word)
            rest.removeFirst()
            if name == word, valued.contains(word), let value = rest.popFirst() {
                options.append(value)
            }
        }
        return (options, rest)
    }

    private static func unknown(
        _ word: String, in command: any ParsableCommand.Type, _ path: [String]
    ) -> GD2Error {
        let names = command.configuration.subcommands.map { $0.configuration.commandName ?? "" }
        let place = path.isEmpty ? "there is" : path.joined(separator: " ") + " has"
        let help = (["glustercli", "help"] + path).joined(separator: " ")
        return GD2Error(
            .invalid,
            "\(place) no command \(word), but \(names.joined(separator: ", ")): see \(help)")
    }
}

extension ParsableCommand {
    fileprivate static func isCalled(_ word: String) -> Bool {
        configuration.commandName == word || configuration.aliases.contains(word)
    }
}
