import DurableFile
import Glibc

/// The whole of `gd2-etcd.service`: waits until gd2-store has written the role file, then becomes
/// etcd. A restart of gd2-store leaves it alone.
public enum EtcdRunner {
    private static let pollMs: Int64 = 100

    /// Locked by etcd for as long as it runs: a lock of fcntl(2) stays over exec, and tells whose
    /// it is.
    private static func lockFile(_ stateDirectory: String) -> String {
        stateDirectory + "/etcd.lock"
    }

    /// The etcd that runs with this state directory; nil when there is none.
    public static func runningPid(stateDirectory: String) -> Int32? {
        let descriptor = open(lockFile(stateDirectory), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = Glibc.flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else {
            return nil
        }
        return lock.l_pid
    }

    /// What the etcd that runs was started with; nil when none runs, or one that was started by a
    /// version that did not write it down.
    public static func runningRole(stateDirectory: String) -> RoleFile? {
        guard runningPid(stateDirectory: stateDirectory) != nil else { return nil }
        return try? RoleFile.load(from: lockFile(stateDirectory))
    }

    /// Its descriptor stays open, also in etcd. The file says what etcd is started with: the role
    /// file may be newer than it.
    private static func takeLock(_ stateDirectory: String, _ role: RoleFile) throws {
        let path = lockFile(stateDirectory)
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw FileError(path, "open", errno) }
        var lock = Glibc.flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_SETLK, &lock) == 0 else { throw FileError(path, "lock", errno) }
        // On a full disk it stays unsaid, and etcd tells better what it lacks.
        let bytes = try role.bytes
        if ftruncate(descriptor, 0) == 0 { _ = write(descriptor, bytes, bytes.count) }
    }

    /// Returns only by throwing.
    public static func run(roleFile path: String, stateDirectory: String) async throws {
        var said: String?
        while true {
            let role = try RoleFile.load(from: path)
            if let absence = role?.absence, absence != said {
                let line = Array("\(absence)\n".utf8)
                _ = write(STDERR_FILENO, line, line.count)
                said = absence
            }
            if let role, role.absence == nil {
                try takeLock(stateDirectory, role)
                try become(role)
            }
            try await Task.sleep(for: .milliseconds(pollMs))
        }
    }

    private static func become(_ role: RoleFile) throws {
        let words = [role.binary] + role.arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        pointers.append(nil)
        // The runtime blocks no signal in its threads' mask, but ignores SIGPIPE; etcd sets its
        // own.
        signal(SIGPIPE, SIG_DFL)
        execv(role.binary, pointers)
        let code = errno
        for pointer in pointers { free(pointer) }
        throw EtcdProcessError.exec(role.binary, errno: code)
    }
}
