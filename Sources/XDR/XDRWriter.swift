/// Writes XDR (RFC 4506).
public struct XDRWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func put(_ value: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    public mutating func put(_ value: Int32) { put(UInt32(bitPattern: value)) }

    public mutating func put(_ value: UInt64) {
        put(UInt32(truncatingIfNeeded: value >> 32))
        put(UInt32(truncatingIfNeeded: value))
    }

    public mutating func put(opaque value: some Collection<UInt8>) {
        put(UInt32(value.count))
        bytes += value
        bytes += repeatElement(0, count: XDRReader.padding(value.count))
    }

    public mutating func put(string value: String) { put(opaque: Array(value.utf8)) }

    /// Bytes that are XDR already.
    public mutating func put(raw value: some Collection<UInt8>) { bytes += value }
}
