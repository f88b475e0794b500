import FoundationEssentials
import Logging
import TOMLKit

/// A program's own settings: a struct whose properties are `Bool`, `Int`, `String`, `[String]` or
/// `[String: String]`, each with a default. The property `stateDirectory` is the key
/// `state-directory` of the file, `GD2_STATE_DIRECTORY` of the environment and
/// `--set state-directory=…` among the flags.
public protocol DaemonConfiguration: Codable, Sendable {
    init()
    /// What each key of the file means: a sentence or two, with unit and bounds, for people.
    static var meanings: [String: String] { get }
    /// What is wrong with the values, each a clause that names the key; none starts the program.
    func problems() -> [String]
}

/// What every daemon can be told, beside its own configuration.
struct CommonSettings: DaemonConfiguration {
    var logLevel = "info"
    var stopTimeoutSeconds = 1
    var metricsSocket = ""

    static let meanings = [
        "log-level": "What is logged: trace, debug, info, notice, warning, error or critical and "
            + "what is worse. Followed at a reload.",
        "stop-timeout-seconds": "Seconds, 1 to 300, that what is under way may go on after "
            + "SIGTERM. Then connections are cut; their other ends come back to the next run.",
        "metrics-socket": "Path of the Unix socket with metrics, where systemd makes none; empty: "
            + "none.",
    ]

    func problems() -> [String] {
        var problems: [String] = []
        if Logger.Level(rawValue: logLevel) == nil {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("log-level \"\(logLevel)\" is none of \(known)")
        }
        if !(1...300).contains(stopTimeoutSeconds) {
            problems.append("stop-timeout-seconds is \(stopTimeoutSeconds), not 1 to 300")
        }
        return problems
    }
}

/// Everything that is wrong with a configuration.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public var problems: [String]
    public var description: String { problems.joined(separator: "\n") }
}

/// Reads a configuration by one precedence: flags, environment, file, defaults.
struct ConfigurationReader {
    var file: String
    /// Whether the file has to exist: when it was named by a flag.
    var fileIsRequired: Bool
    var environment: [String: String]
    /// `key=value`, from flags.
    var assignments: [String]

    func read<Configuration: DaemonConfiguration>(
        _: Configuration.Type
    ) throws -> (Configuration, CommonSettings) {
        let own = try Self.settings(of: Configuration())
        let common = try Self.settings(of: CommonSettings())
        var values = own.merging(common) { own, _ in own }
        let kinds = values
        var problems = try applyFile(to: &values, kinds)
        applyEnvironment(to: &values, kinds, &problems)
        applyAssignments(to: &values, kinds, &problems)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        let configuration = try Self.decode(Configuration.self, from: values)
        let settings = try Self.decode(CommonSettings.self, from: values)
        problems = settings.problems() + configuration.problems()
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return (configuration, settings)
    }

    private func applyFile(
        to values: inout [String: Setting], _ kinds: [String: Setting]
    ) throws -> [String] {
        let found: Data?
        do { found = try ConfigurationFile.read(file) } catch {
            return ["\(file): cannot be read: \(error)"]
        }
        guard let data = found else {
            return fileIsRequired ? ["\(file): cannot be read: does it exist?"] : []
        }
        // The parser would take it for the end.
        if data.contains(0) { return ["\(file): there is a NUL byte in it"] }
        let text = String(decoding: data, as: UTF8.self)
        if let line = Self.overlongLine(in: data) {
            return ["\(file):\(line): the line is longer than \(Limits.lineBytes) bytes"]
        }
        if let line = Self.namelessTable(in: text) {
            return ["\(file):\(line): a name has to follow ["]
        }
        let table: TOMLTable
        do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
            let line = error.source.begin.line
            let hint = Self.hint(at: line, in: text)
            return ["\(file):\(line): \(error.description)\(hint)"]
        }
        var problems: [String] = []
        for (key, value) in table {
            let place = "\(file):\(Self.line(of: key, in: text)): \(key)"
            guard let kind = kinds[Self.camelCase(key)] else {
                problems.append("\(place) is no setting of this program\(Self.list(kinds))")
                continue
            }
            guard let setting = kind.convert(value) else {
                problems.append("\(place) has to be \(kind.kind)")
                continue
            }
            values[Self.camelCase(key)] = setting
        }
        return problems
    }

    /// The parser takes a text without quotes for a number.
    private static func hint(at line: Int, in text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(line - 1) else { return "" }
        let parts = lines[line - 1].split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return "" }
        let value = parts[1].drop(while: \.isWhitespace)
        guard let first = value.first, first.isLetter || first == "/",
            !value.hasPrefix("true"), !value.hasPrefix("false")
        else { return "" }
        return ": a text stands in quotes, as in log-level = \"info\""
    }

    /// The parser ends the program when a key has tens of thousands of parts.
    private static func overlongLine(in data: Data) -> Int? {
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.firstIndex { $0.count > Limits.lineBytes }.map { $0 + 1 }
    }

    /// The line whose `[` no name follows: the parser ends the program for it.
    private static func namelessTable(in text: String) -> Int? {
        let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { scalar in
            scalar == "\n"
        }
        for (number, line) in lines.enumerated() {
            // The parser takes more than \n for the end of a line.
            for part in line.split(whereSeparator: { ("\u{a}"..."\u{d}").contains($0) }) {
                let isSpace = { (scalar: Unicode.Scalar) in
                    scalar.properties.isWhitespace || scalar == "\u{feff}"
                }
                let rest = part.drop(while: isSpace)
                guard rest.first == "[" else { continue }
                let name = rest.drop { isSpace($0) || $0 == "[" }.first
                let isName = name.map { name in
                    name.isASCII
                        && (name.properties.isAlphabetic
                            || "0123456789_-\"']".unicodeScalars.contains(name))
                }
                if isName != true { return number + 1 }
            }
        }
        return nil
    }

    /// Another program's variable is none of ours, so an unknown one is left alone.
    private func applyEnvironment(
        to values: inout [String: Setting], _ kinds: [String: Setting], _ problems: inout [String]
    ) {
        for (key, kind) in kinds {
            let name = "GD2_" + Self.kebabCase(key).uppercased().map { $0 == "-" ? "_" : $0 }
            guard let text = environment[name] else { continue }
            if let setting = kind.parse(text) {
                values[key] = setting
            } else {
                problems.append("environment: \(name)=\(text) has to be \(kind.kind)")
            }
        }
    }

    private func applyAssignments(
        to values: inout [String: Setting], _ kinds: [String: Setting], _ problems: inout [String]
    ) {
        for assignment in assignments {
            let parts = assignment.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                problems.append("--set \(assignment): needs KEY=VALUE\(Self.list(kinds))")
                continue
            }
            let key = Self.camelCase(String(parts[0]))
            guard let kind = kinds[key] else {
                problems.append(
                    "--set \(assignment): \(parts[0]) is no setting of this program"
                        + Self.list(kinds))
                continue
            }
            if let setting = kind.parse(String(parts[1])) {
                values[key] = setting
            } else {
                problems.append("--set \(assignment): has to be \(kind.kind)")
            }
        }
    }

    private static func list(_ kinds: [String: Setting]) -> String {
        ": it knows " + kinds.keys.map(kebabCase).sorted().joined(separator: ", ")
    }

    static func settings(
        of configuration: some DaemonConfiguration
    ) throws -> [String: Setting] {
        let data = try JSONEncoder().encode(configuration)
        return try JSONDecoder().decode([String: Setting].self, from: data)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, from values: [String: Setting]
    ) throws -> Value {
        try JSONDecoder().decode(type, from: JSONEncoder().encode(values))
    }

    private static func line(of key: String, in text: String) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let found = lines.firstIndex { line in
            let line = line.drop { $0 == " " || $0 == "[" || $0 == "\"" }
            return line.hasPrefix(key)
        }
        return (found ?? 0) + 1
    }

    static func kebabCase(_ key: String) -> String {
        key.reduce(into: "") { text, letter in
            if letter.isUppercase { text += "-" }
            text += letter.lowercased()
        }
    }

    static func camelCase(_ key: String) -> String {
        let parts = key.split(separator: "-")
        return parts.dropFirst().reduce(String(parts.first ?? "")) { text, part in
            text + part.prefix(1).uppercased() + part.dropFirst()
        }
    }
}
