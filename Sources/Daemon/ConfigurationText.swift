/// A configuration as the file that gives it: every key with its meaning and its value.
struct ConfigurationText {
    let text: String
    private static let columns = 92

    init<Configuration: DaemonConfiguration>(
        _ configuration: Configuration, _ common: CommonSettings
    ) {
        let values = Self.settings(configuration).merging(Self.settings(common)) { own, _ in own }
        let defaults = Self.settings(Configuration())
            .merging(Self.settings(CommonSettings())) { own, _ in own }
        let meanings = Configuration.meanings.merging(CommonSettings.meanings) { own, _ in own }
        text = values.map { (ConfigurationReader.kebabCase($0.key), $0.key, $0.value) }
            .sorted { $0.0 < $1.0 }
            .map { key, name, value in
                var lines = Self.wrapped(meanings[key] ?? "").map { "# \($0)\n" }.joined()
                if let usual = defaults[name], usual != value {
                    lines += "# Default: \(Self.toml(usual))\n"
                }
                return lines + "\(key) = \(Self.toml(value))\n"
            }
            .joined(separator: "\n")
    }

    /// What cannot be encoded has no keys, and is refused where it is read.
    private static func settings(_ configuration: some DaemonConfiguration) -> [String: Setting] {
        (try? ConfigurationReader.settings(of: configuration)) ?? [:]
    }

    private static func wrapped(_ text: String) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }

    private static func toml(_ value: Setting) -> String {
        switch value {
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .text(let value): quoted(value)
        case .list(let values): "[" + values.map(quoted).joined(separator: ", ") + "]"
        case .table(let values):
            values.isEmpty
                ? "{}"
                : "{ "
                    + values.sorted { $0.key < $1.key }
                    .map { "\(quoted($0.key)) = \(quoted($0.value))" }.joined(separator: ", ")
                    + " }"
        }
    }

    /// A basic string of TOML 1.0.
    private static func quoted(_ text: String) -> String {
        let inner = text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\u{0}"..."\u{1f}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(inner)\""
    }
}
