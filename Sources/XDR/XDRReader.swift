/// Why bytes are no XDR of the expected shape (RFC 4506).
public enum XDRError: Error, Equatable, CustomStringConvertible {
    case short(needed: Int, left: Int)
    case tooLong(length: UInt32, limit: Int)
    case notUTF8
    case leftOver(Int)

    public var description: String {
        switch self {
        case .short(let needed, let left): "\(needed) bytes needed, \(left) left"
        case .tooLong(let length, let limit): "a length of \(length), at most \(limit) is accepted"
        case .notUTF8: "a text is not UTF-8"
        case .leftOver(let count): "\(count) bytes left over"
        }
    }
}

/// Reads XDR, big-endian, in units of four bytes.
public struct XDRReader: Sendable {
    private var bytes: ArraySlice<UInt8>

    public init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
    public init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    public var left: Int { bytes.count }

    public mutating func uint32() throws(XDRError) -> UInt32 {
        var value: UInt32 = 0
        for byte in try take(4) { value = value << 8 | UInt32(byte) }
        return value
    }

    public mutating func int32() throws(XDRError) -> Int32 { Int32(bitPattern: try uint32()) }

    public mutating func uint64() throws(XDRError) -> UInt64 {
        UInt64(try uint32()) << 32 | UInt64(try uint32())
    }

    /// `opaque<limit>`.
    public mutating func opaque(limit: Int) throws(XDRError) -> ArraySlice<UInt8> {
        let length = try uint32()
        guard length <= limit else { throw .tooLong(length: length, limit: limit) }
        let value = try take(Int(length))
        _ = try take(Self.padding(Int(length)))
        return value
    }

    /// `string<limit>`.
    public mutating func string(limit: Int) throws(XDRError) -> String {
        guard let text = String(validating: try opaque(limit: limit), as: UTF8.self) else {
            throw .notUTF8
        }
        return text
    }

    /// What has not been read, unread.
    public mutating func rest() -> ArraySlice<UInt8> {
        let rest = bytes
        bytes = []
        return rest
    }

    /// GlusterFS's newer peers append fields, so only its own messages are ended like this.
    public func finish() throws(XDRError) {
        guard bytes.isEmpty else { throw .leftOver(bytes.count) }
    }

    static func padding(_ length: Int) -> Int { (4 - length % 4) % 4 }

    private mutating func take(_ count: Int) throws(XDRError) -> ArraySlice<UInt8> {
        guard bytes.count >= count else { throw .short(needed: count, left: bytes.count) }
        let taken = bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        return taken
    }
}
