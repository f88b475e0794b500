import FoundationEssentials
import Glibc

/// The file that a configuration is read from.
enum ConfigurationFile {
    enum Failure: Error, Equatable, CustomStringConvertible {
        case failed(errno: Int32)
        case danglingLink
        case tooLong

        var description: String {
            switch self {
            case .failed(let code): String(cString: strerror(code))
            case .danglingLink: "it is a link to a file that is not there"
            case .tooLong: "it is longer than \(Limits.fileBytes) bytes"
            }
        }
    }

    /// Nil only where nothing has this name: what is there and not readable is no reason to go on
    /// with defaults.
    static func read(_ path: String) throws(Failure) -> Data? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .failed(errno: errno)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT ? .danglingLink : .failed(errno: code)
        }
        defer { close(descriptor) }
        return try readAll(descriptor)
    }

    private static func readAll(_ descriptor: Int32) throws(Failure) -> Data {
        var data = Data()
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { return data }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .failed(errno: errno)
            }
            data.append(contentsOf: piece.prefix(count))
            guard data.count <= Limits.fileBytes else { throw .tooLong }
        }
    }
}
