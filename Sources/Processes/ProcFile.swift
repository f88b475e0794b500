import Glibc

/// Files of proc(5), which the kernel gives in pieces: Foundation takes the first short read for
/// the end, and has no more than a page of a long one.
public enum ProcFile {
    /// All of it; nil when it cannot be opened or read.
    public static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count != 0 else { return all }
            guard count > 0 else {
                if errno == EINTR { continue }
                return nil
            }
            all += piece[..<count]
        }
    }

    private static let pieceBytes = 16 << 10
}
