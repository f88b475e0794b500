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
    private var header: [UInt8] = []
    private var fragmentLeft = 0
    private var fragments = 0
    private var isLast = false
    private var inFragment = false

    /// Whether a record has begun that is not complete.
    public var isPartial: Bool { inFragment || !header.isEmpty || fragments > 0 }

    /// Bytes of the record that is not complete.
    public var partialBytes: Int { record.count }

    /// `limit`: bytes of one record.
    public init(limit: Int) { self.limit = limit }

    /// Takes the next bytes of the stream and gives the records that they complete.
    public mutating func add(_ bytes: some Sequence<UInt8>) throws(RecordError) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            if !inFragment {
                while header.count < 4, let byte = rest.popFirst() { header.append(byte) }
                guard header.count == 4 else { break }
                try beginFragment()
            }
            let taken = rest.prefix(fragmentLeft)
            record += taken
            fragmentLeft -= taken.count
            rest = rest.dropFirst(taken.count)
            if fragmentLeft == 0 {
                inFragment = false
                if isLast {
                    records.append(record)
                    record = []
                    fragments = 0
                }
            }
        }
        return records
    }

    private mutating func beginFragment() throws(RecordError) {
        let mark = header.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        header = []
        isLast = mark & 0x8000_0000 != 0
        fragmentLeft = Int(mark & 0x7fff_ffff)
        inFragment = true
        fragments += 1
        guard fragments <= Self.fragmentsMax else {
            throw .tooManyFragments(limit: Self.fragmentsMax)
        }
        guard record.count + fragmentLeft <= limit else { throw .tooLong(limit: limit) }
    }

    /// A record as one fragment.
    public static func encode(_ record: [UInt8]) -> [UInt8] {
        let mark = 0x8000_0000 | UInt32(record.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: mark >> UInt32(24 - 8 * $0)) } + record
    }
}
