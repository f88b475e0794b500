/// GlusterFS's dict as it goes over the wire (libglusterfs dict.c, `dict_serialize`): a count, then
/// for each pair both lengths, the key with its NUL, and the value. Nothing is padded, nothing has
/// a type.
public struct GlusterDict: Hashable, Sendable {
    public private(set) var values: [String: [UInt8]]

    public enum Failure: Error, Equatable {
        case damaged
    }

    private static let pairsMax = 10_000

    public init(_ values: [String: [UInt8]] = [:]) { self.values = values }

    /// Texts; their NUL is added.
    public init(texts: [String: String]) {
        values = texts.mapValues { Array($0.utf8) + [0] }
    }

    /// Reads an opaque's bytes; none at all is an absent dict, read as an empty one.
    public init(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        values = [:]
        try Self.read(bytes) { key, value in
            values[String(decoding: key, as: UTF8.self)] = Array(value)
        }
    }

    /// Gives the pairs of an opaque in their order.
    static func read(
        _ bytes: ArraySlice<UInt8>, pair: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void
    ) throws(Failure) {
        guard !bytes.isEmpty else { return }
        var rest = bytes
        let count = try Self.int(&rest)
        guard (0...Self.pairsMax).contains(count) else { throw .damaged }
        for _ in 0..<count {
            let keyLength = try Self.int(&rest)
            let valueLength = try Self.int(&rest)
            guard keyLength >= 0, valueLength >= 0, rest.count >= keyLength + 1 + valueLength
            else { throw .damaged }
            let key = rest.prefix(keyLength)
            rest = rest.dropFirst(keyLength + 1)
            pair(key, rest.prefix(valueLength))
            rest = rest.dropFirst(valueLength)
        }
    }

    /// A text value without its NUL.
    public func text(_ key: String) -> String? {
        values[key].map { Self.text($0[...]) }
    }

    static func text(_ value: ArraySlice<UInt8>) -> String {
        String(decoding: value.last == 0 ? value.dropLast() : value, as: UTF8.self)
    }

    public func number(_ key: String) -> Int? { text(key).flatMap { Int($0) } }

    /// Keys in order, so that equal dicts have equal bytes.
    public var bytes: [UInt8] {
        var bytes = Self.bytes(of: values.count)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            bytes += Self.bytes(of: key.utf8.count) + Self.bytes(of: value.count)
            bytes += Array(key.utf8) + [0] + value
        }
        return bytes
    }

    private static func int(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> Int {
        guard rest.count >= 4 else { throw .damaged }
        let start = rest.startIndex
        var value: UInt32 = 0
        for index in start..<start + 4 { value = value << 8 | UInt32(rest[index]) }
        rest = rest.dropFirst(4)
        return Int(Int32(bitPattern: value))
    }

    private static func bytes(of number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
