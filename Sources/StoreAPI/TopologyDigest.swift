import Crypto
public import GlusterModel
import Hexadecimal

/// The `digest` of a volume's head: what proves that a generation was read whole.
public enum TopologyDigest {
    /// Hex SHA-256 of the topology's JSON.
    public static func hex(of topology: Topology) throws -> String {
        SHA256.hash(data: try RecordCoding.encode(topology)).hexadecimal
    }
}
