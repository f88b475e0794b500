/// Writes XDR (RFC 4506).
public struct XDRWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// `capacity`: bytes that are about to be written.
    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    public mutating func put(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func put(_ value: Int32) { put(UInt32(bitPattern: value)) }

    public mutating func put(_ value: UInt64) {
        put(UInt32(truncatingIfNeeded: value >> 32))
        put(UInt32(truncatingIfNeeded: value))
    }

    public mutating func put(opaque value: some Collection<UInt8>) {
        put(UInt32(value.count))
        bytes += value
        for _ in 0..<XDRReader.padding(value.count) { bytes.append(0) }
    }

    public mutating func put(string value: String) { put(opaque: Array(value.utf8)) }

    /// Bytes that are XDR already.
    public mutating func put(raw value: some Collection<UInt8>) { bytes += value }
}
