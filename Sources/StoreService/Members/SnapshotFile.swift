import Crypto
import Glibc
import Hexadecimal

/// What is found in a snapshot's file: etcd's own format, which ends with the SHA-256 of what is
/// before it. Read in pieces, since it may be as large as the store may.
struct SnapshotFile {
    var bytes: UInt64
    /// Hexadecimal SHA-256 of the whole file.
    var digest: String
    /// Why it is no sound snapshot.
    var problem: String?

    private static let digestBytes = 32
    private static let pieceBytes = 1 << 20

    /// Nil when it cannot be read. Blocks.
    init?(reading path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var whole = SHA256()
        var content = SHA256()
        // The last bytes so far, which are content if others follow.
        var tail: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        bytes = 0
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += UInt64(count)
            whole.update(data: piece[..<count])
            let known = tail + piece[..<count]
            content.update(data: known.dropLast(Self.digestBytes))
            tail = known.suffix(Self.digestBytes)
        }
        digest = whole.finalize().hexadecimal
        if bytes <= Self.digestBytes || bytes % 512 != Self.digestBytes {
            problem = "it has \(bytes) bytes, which no snapshot has"
        } else if Array(content.finalize()) != tail {
            problem = "etcd's checksum does not agree"
        }
    }
}
