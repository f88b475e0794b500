import DurableFile
import Glibc

/// The whole of `gd2-etcd.service`: waits until gd2-store has written the role file, then becomes
/// etcd. A restart of gd2-store leaves it alone.
public enum EtcdRunner {
    private static let pollMs: Int64 = 100
    /// The same when it takes long.
    private static let slowPollMs: Int64 = 1_000
    /// From when on it takes long; what takes less is not said.
    private static let slowAfter = Duration.seconds(3)

    private static func lock(_ stateDirectory: String) -> ProcessLock {
        ProcessLock(path: stateDirectory + "/etcd.lock")
    }

    /// The etcd that runs with this state directory; nil when there is none.
    public static func runningPid(stateDirectory: String) -> Int32? { lock(stateDirectory).holder }

    /// What the etcd that runs was started with; nil when none runs, or one that was started by a
    /// version that did not write it down.
    public static func runningRole(stateDirectory: String) -> RoleFile? {
        guard runningPid(stateDirectory: stateDirectory) != nil else { return nil }
        return try? RoleFile.load(from: lock(stateDirectory).path)
    }

    /// Its descriptor stays open, also in etcd. The file says what etcd is started with: the role
    /// file may be newer than it.
    private static func takeLock(_ stateDirectory: String, _ role: RoleFile) throws {
        let descriptor = try lock(stateDirectory).takeOverExec()
        // On a full disk it stays unsaid, and etcd tells better what it lacks.
        let bytes = try role.bytes
        if ftruncate(descriptor, 0) == 0 { _ = write(descriptor, bytes, bytes.count) }
    }

    /// Returns only by throwing.
    public static func run(roleFile path: String, stateDirectory: String) async throws {
        let began = ContinuousClock.now
        var said: String?
        while true {
            let waited = ContinuousClock.now - began
            let (role, damage) = read(path)
            var reason = damage ?? role?.absence ?? role?.loss
            if let role, reason == nil {
                switch gate(stateDirectory, waited) {
                case .open:
                    try takeLock(stateDirectory, role)
                    try become(role)
                case .closed(let why): reason = waited > slowAfter ? why : nil
                }
            }
            if let reason, reason != said {
                let line = Array("\(reason)\n".utf8)
                _ = write(STDERR_FILENO, line, line.count)
                said = reason
            }
            let isSlow = waited > slowAfter && (role != nil || damage != nil)
            try await Task.sleep(for: .milliseconds(isSlow ? slowPollMs : pollMs))
        }
    }

    /// The role file, or why it cannot be read.
    static func read(_ path: String) -> (role: RoleFile?, damage: String?) {
        do { return (try RoleFile.load(from: path), nil) } catch {
            return (
                nil,
                "\(path) is damaged: gd2-store writes it anew, which is waited for (\(error))"
            )
        }
    }

    public static func isDamaged(_ roleFile: String) -> Bool { read(roleFile).damage != nil }

    private static func gate(_ stateDirectory: String, _ waited: Duration) -> EtcdGate {
        let place = StatePlace.load(stateDirectory)
        return EtcdGate.now(
            place, isServed: StatePlace.serving(stateDirectory).holder != nil,
            isHere: place?.addresses.allSatisfy(StatePlace.isOwn) ?? false, waited: waited)
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
