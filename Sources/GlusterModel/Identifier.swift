/// A 128-bit identifier of one kind of thing, written as a UUID (RFC 9562).
///
/// `Subject` keeps a peer's identifier from being used as a volume's; it has no values.
public struct Identifier<Subject>: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A random identifier: version 4, variant 10.
    public init(using generator: inout some RandomNumberGenerator) {
        high = (generator.next() & 0xffff_ffff_ffff_0fff) | 0x4000
        low = (generator.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
    }

    /// The 16 bytes in network order, as in the xattr `trusted.glusterfs.volume-id`.
    public var bytes: [UInt8] {
        (0..<16).map { index in
            let word = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8)))
        }
    }

    /// Reads 16 bytes in network order; nil when there are not exactly 16.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 {
                words.0 = words.0 << 8 | UInt64(byte)
            } else {
                words.1 = words.1 << 8 | UInt64(byte)
            }
        }
        self.init(high: words.0, low: words.1)
    }
}

extension Identifier: LosslessStringConvertible {
    /// Lower-case hexadecimal in the groups 8-4-4-4-12.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for index in 0..<32 {
                switch index {
                case 8, 12, 16, 20:
                    text[position] = UInt8(ascii: "-")
                    position += 1
                default: break
                }
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index % 16))) & 15
                text[position] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }

    /// Reads the form of ``description``, in either case; nil for anything else.
    public init?(_ description: String) {
        var (high, low): (UInt64, UInt64) = (0, 0)
        var position = 0
        for character in description.utf8 {
            switch position {
            case 8, 13, 18, 23: guard character == UInt8(ascii: "-") else { return nil }
            case 36...: return nil
            default:
                guard let digit = Self.nibble(character) else { return nil }
                if position < 18 {
                    high = high << 4 | UInt64(digit)
                } else {
                    low = low << 4 | UInt64(digit)
                }
            }
            position += 1
        }
        guard position == 36 else { return nil }
        self.init(high: high, low: low)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Identifier: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identifier = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a UUID: \(text)")
        }
        self = identifier
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Identifier: CodingKeyRepresentable {
    public var codingKey: any CodingKey { IdentifierKey(stringValue: description) }

    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

private struct IdentifierKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

public enum ClusterSubject {}
public enum PeerSubject {}
public enum VolumeSubject {}
public enum BrickSubject {}
public enum TransactionSubject {}
public enum IncarnationSubject {}
public enum JobSubject {}

/// Names one cluster for ever; part of every key in the store.
public typealias ClusterID = Identifier<ClusterSubject>
/// Names one node for ever, through renames, address changes and re-installation of daemons.
public typealias PeerID = Identifier<PeerSubject>
/// The `trusted.glusterfs.volume-id` of a volume's bricks.
public typealias VolumeID = Identifier<VolumeSubject>
/// Names one brick in the REST API.
public typealias BrickID = Identifier<BrickSubject>
public typealias TransactionID = Identifier<TransactionSubject>
/// Names one piece of work that is asked for; a transaction's job has the transaction's number.
public typealias JobID = Identifier<JobSubject>
/// Names one run of one daemon: new at every start of the process.
public typealias IncarnationID = Identifier<IncarnationSubject>
