import Glibc

/// A small file that is replaced whole, so that a crash, whenever it comes, leaves the old one or
/// the new; or one that only grows.
public enum DurableFile {
    /// Nil: there is no file. One that may not be read, is longer than `atMost` bytes or is no file
    /// is an error, so that nobody takes it for absent.
    public static func read(_ path: String, atMost: Int) throws(FileError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileError(path, "open", errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path, "stat", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "open", EISDIR) }
        guard status.st_size <= atMost else { throw FileError(path, "read", EFBIG) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { bytes in
                Glibc.read(
                    descriptor, bytes.baseAddress?.advanced(by: filled), bytes.count - filled)
            }
            guard count >= 0 else { throw FileError(path, "read", errno) }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }

    /// When this returns, the new contents are on disk under that name. `settle` may change group
    /// or mode of the new file before it has the name.
    public static func replace(
        _ path: String, with bytes: [UInt8], settle: (_ descriptor: Int32) -> Void = { _ in }
    ) throws(FileError) {
        let temporary = path + ".new"
        var isReplaced = false
        // Half a file on a full disk would only take room.
        defer { if !isReplaced { unlink(temporary) } }
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path, "open", errno) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, temporary)
        settle(descriptor)
        guard fsync(descriptor) == 0 else { throw FileError(path, "fsync", errno) }
        guard rename(temporary, path) == 0 else { throw FileError(path, "rename", errno) }
        isReplaced = true
        try syncFolder(of: path)
    }

    /// When this returns, `bytes` are on disk at the end of a file that exists. Of what fails
    /// nothing stays, unless the system ends meanwhile: then it may be a part.
    public static func append(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, "open", errno) }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        do throws(FileError) {
            try write(bytes, to: descriptor, path)
            guard fdatasync(descriptor) == 0 else { throw FileError(path, "fdatasync", errno) }
        } catch {
            ftruncate(descriptor, end)
            throw error
        }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 else { throw FileError(path, "write", errno) }
            written += count
        }
    }

    /// The name too is on disk only when its folder is.
    private static func syncFolder(of path: String) throws(FileError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(folder, "open", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(folder, "fsync", errno) }
    }
}

/// A call on a file that the system refused.
public struct FileError: Error, Hashable, CustomStringConvertible {
    public var path: String
    public var call: String
    public var code: Int32

    public init(_ path: String, _ call: String, _ code: Int32) {
        self.path = path
        self.call = call
        self.code = code
    }

    public var description: String { "\(path): \(call): \(String(cString: strerror(code)))" }
}
