import FoundationEssentials

/// Turns records into the JSON that the store holds, and back. Keys are sorted, so equal values
/// have equal bytes. Fields that this version does not know survive a read-modify-write.
public enum RecordCoding {
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// Encodes `value`, with every field of `previous` (at any depth of objects) that `value`'s
    /// type does not know. A field is unknown when encoding what was decoded from `previous` loses
    /// it.
    public static func encode<Value: Codable>(
        _ value: Value, updating previous: [UInt8]
    ) throws -> [UInt8] {
        let understood = try encode(decode(Value.self, from: previous))
        // Nothing was lost, as in nearly all records: to look for what was would take most of the
        // time of a change.
        if understood == previous { return try encode(value) }
        let old = try JSONDecoder().decode(JSONValue.self, from: Data(previous))
        let known = try JSONDecoder().decode(JSONValue.self, from: Data(understood))
        let new = try JSONDecoder().decode(JSONValue.self, from: Data(encode(value)))
        return try encode(new.addingFields(of: old, notIn: known))
    }

    public static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
