import FoundationEssentials
import TOMLKit

/// One value of a configuration: what TOML, the environment and flags have in common.
enum Setting: Hashable, Codable {
    case bool(Bool)
    case integer(Int)
    case text(String)
    case list([String])
    case table([String: String])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([String].self) {
            self = .list(value)
        } else {
            self = .table(try container.decode([String: String].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .table(let value): try container.encode(value)
        }
    }

    /// What is accepted where this is the default, for messages.
    var kind: String {
        switch self {
        case .bool: "true or false"
        case .integer: "a whole number"
        case .text: "a text"
        case .list: "a list of texts"
        case .table: "a table of texts"
        }
    }

    /// Reads `text`, as a flag or the environment has it, as the kind of this default.
    func parse(_ text: String) -> Setting? {
        switch self {
        case .bool:
            switch text {
            case "true", "yes", "on", "1": .bool(true)
            case "false", "no", "off", "0": .bool(false)
            default: nil
            }
        case .integer: Int(text).map { .integer($0) }
        case .text: .text(text)
        case .list: .list(text.isEmpty ? [] : text.split(separator: ",").map(String.init))
        case .table: Self.table(of: text).map { .table($0) }
        }
    }

    /// `a=b,c=d`.
    private static func table(of text: String) -> [String: String]? {
        var table: [String: String] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            table[String(parts[0])] = String(parts[1])
        }
        return table
    }

    /// Takes a TOML value of the kind of this default.
    func convert(_ value: any TOMLValueConvertible) -> Setting? {
        switch self {
        case .bool: value.bool.map { .bool($0) }
        case .integer: value.int.map { .integer($0) }
        case .text: value.string.map { .text($0) }
        case .list:
            value.array.flatMap { array in
                let texts = array.compactMap(\.string)
                return texts.count == array.count ? .list(texts) : nil
            }
        case .table:
            value.table.flatMap { table in
                var texts: [String: String] = [:]
                for (key, value) in table { texts[key] = value.string }
                return texts.count == table.count ? .table(texts) : nil
            }
        }
    }
}
