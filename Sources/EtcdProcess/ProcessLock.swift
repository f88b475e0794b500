import DurableFile
import Glibc

/// A file that a process locks for as long as it runs: a lock of fcntl(2) stays over exec, ends
/// with the process, and tells whose it is. Who holds it must not open the file a second time.
public struct ProcessLock: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Nil: nobody holds it. Asked by others than the holder.
    public var holder: Int32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = Self.lock(F_WRLCK)
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else {
            return nil
        }
        return lock.l_pid
    }

    /// For what this process becomes by exec too; returns the descriptor, open for writing.
    func takeOverExec() throws -> Int32 { try take(O_RDWR, F_WRLCK) }

    /// For as long as this process runs. Not on a disk that can only be read: a file that is open
    /// there keeps it from being mounted anew.
    public func take() throws { _ = try take(O_RDWR | O_CLOEXEC, F_WRLCK) }

    private func take(_ flags: Int32, _ kind: Int32) throws -> Int32 {
        let descriptor = open(path, flags | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw FileError(path, "open", errno) }
        var lock = Self.lock(kind)
        guard fcntl(descriptor, F_SETLK, &lock) == 0 else {
            let code = errno
            close(descriptor)
            throw FileError(path, "lock", code)
        }
        return descriptor
    }

    private static func lock(_ kind: Int32) -> Glibc.flock {
        var lock = Glibc.flock()
        lock.l_type = Int16(kind)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
