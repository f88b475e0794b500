/// Why a stream of records is not followed any further.
public enum RecordError: Error, Equatable, CustomStringConvertible {
    case tooLong(limit: Int)
    case tooManyFragments(limit: Int)

    public var description: String {
        switch self {
        case .tooLong(let limit): "a record is longer than \(limit) bytes"
        case .tooManyFragments(let limit): "a record has more than \(limit) fragments"
        }
    }
}

/// Joins the fragments of record marking (RFC 5531, section 11) into records.
public struct RecordDecoder: Sendable {
    /// Fragments of one record: an endless row of empty ones is no record.
    public static let fragmentsMax = 1_024

    private let limit: Int
    private var record: [UInt8] = []
    private var mark: UInt32 = 0
    private var markBytes = 0
    private var fragmentLeft = 0
    private var fragments = 0
    private var isLast = false
    private var inFragment = false

    /// Whether a record has begun that is not complete.
    public var isPartial: Bool { inFragment || markBytes > 0 || fragments > 0 }

    /// Bytes of the record that is not complete.
    public var partialBytes: Int { record.count }

    /// `limit`: bytes of one record.
    public init(limit: Int) { self.limit = limit }

    /// Takes the next bytes of the stream; `take` gets each record that they complete.
    public mutating func add(
        _ bytes: UnsafeRawBufferPointer, take: ([UInt8]) -> Void
    ) throws(RecordError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if !inFragment {
                while markBytes < 4, let byte = rest.popFirst() {
                    mark = mark << 8 | UInt32(byte)
                    markBytes += 1
                }
                guard markBytes == 4 else { break }
                try beginFragment()
            }
            let part = rest.prefix(fragmentLeft)
            record.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
            fragmentLeft -= part.count
            rest = rest.dropFirst(part.count)
            guard fragmentLeft == 0 else { break }
            inFragment = false
            guard isLast else { continue }
            fragments = 0
            let whole = record
            record = []
            take(whole)
        }
    }

    /// Takes the next bytes of the stream and gives the records that they complete.
    public mutating func add(_ bytes: some Sequence<UInt8>) throws(RecordError) -> [[UInt8]] {
        var records: [[UInt8]] = []
        let bytes = Array(bytes)
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(RecordError) in try add(bytes) { records.append($0) } }
        }
        try result.get()
        return records
    }

    private mutating func beginFragment() throws(RecordError) {
        isLast = mark & 0x8000_0000 != 0
        fragmentLeft = Int(mark & 0x7fff_ffff)
        (mark, markBytes) = (0, 0)
        inFragment = true
        fragments += 1
        guard fragments <= Self.fragmentsMax else {
            throw .tooManyFragments(limit: Self.fragmentsMax)
        }
        guard record.count + fragmentLeft <= limit else { throw .tooLong(limit: limit) }
    }

    /// A record as one fragment.
    public static func encode(_ record: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: mark(bytes: record.count).bigEndian) { Array($0) } + record
    }

    /// The mark of the only fragment of a record.
    public static func mark(bytes count: Int) -> UInt32 { 0x8000_0000 | UInt32(count) }
}
