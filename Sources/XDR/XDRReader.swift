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
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    public var left: Int { bytes.endIndex - at }

    public mutating func uint32() throws(XDRError) -> UInt32 {
        let start = try take(4)
        return UInt32(bytes[start]) << 24 | UInt32(bytes[start + 1]) << 16
            | UInt32(bytes[start + 2]) << 8 | UInt32(bytes[start + 3])
    }

    public mutating func int32() throws(XDRError) -> Int32 { Int32(bitPattern: try uint32()) }

    public mutating func uint64() throws(XDRError) -> UInt64 {
        UInt64(try uint32()) << 32 | UInt64(try uint32())
    }

    /// `opaque<limit>`.
    public mutating func opaque(limit: Int) throws(XDRError) -> ArraySlice<UInt8> {
        let length = try uint32()
        guard length <= limit else { throw .tooLong(length: length, limit: limit) }
        let start = try take(Int(length))
        _ = try take(Self.padding(Int(length)))
        return bytes[start..<start + Int(length)]
    }

    /// An `opaque<limit>` that is of no interest.
    public mutating func skipOpaque(limit: Int) throws(XDRError) {
        let length = try uint32()
        guard length <= limit else { throw .tooLong(length: length, limit: limit) }
        _ = try take(Int(length) + Self.padding(Int(length)))
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
        defer { at = bytes.endIndex }
        return bytes[at...]
    }

    /// GlusterFS's newer peers append fields, so only its own messages are ended like this.
    public func finish() throws(XDRError) {
        guard left == 0 else { throw .leftOver(left) }
    }

    static func padding(_ length: Int) -> Int { (4 - length % 4) % 4 }

    /// Where the next `count` bytes begin, which are behind it from then on.
    private mutating func take(_ count: Int) throws(XDRError) -> Int {
        guard left >= count else { throw .short(needed: count, left: left) }
        defer { at += count }
        return at
    }
}
