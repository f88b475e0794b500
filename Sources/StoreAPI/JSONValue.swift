/// Any JSON value, kept as it was read.
enum JSONValue: Hashable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Each level tries one type after the other: the time grows with the cube of the depth.
        guard decoder.codingPath.count <= Limits.jsonDepthMax else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "deeper than \(Limits.jsonDepthMax) levels")
        }
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode(Double.self) {
            // One that is whole is written so, and read as such then.
            self =
                Int64(exactly: value).map(JSONValue.integer)
                ?? UInt64(exactly: value).map(JSONValue.unsigned) ?? .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// This object with the fields of `old` that `known` lacks; arrays are taken as they are.
    func addingFields(of old: JSONValue, notIn known: JSONValue) -> JSONValue {
        guard case .object(var fields) = self, case .object(let old) = old,
            case .object(let known) = known
        else { return self }
        for (name, value) in old {
            if let present = fields[name] {
                fields[name] = present.addingFields(of: value, notIn: known[name] ?? .null)
            } else if known[name] == nil {
                fields[name] = value
            }
        }
        return .object(fields)
    }
}
