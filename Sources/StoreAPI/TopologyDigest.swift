import Crypto
public import GlusterModel

/// The `digest` of a volume's head: what proves that a generation was read whole.
public enum TopologyDigest {
    /// Hex SHA-256 of the topology's JSON.
    public static func hex(of topology: Topology) throws -> String {
        let digits = Array("0123456789abcdef")
        return SHA256.hash(data: try RecordCoding.encode(topology)).reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }
}
