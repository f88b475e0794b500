import Glibc

/// The whole of `gd2-etcd.service`: waits until gd2-store has written the role file, then becomes
/// etcd. A restart of gd2-store leaves it alone.
public enum EtcdRunner {
    private static let pollMs: Int64 = 100

    /// Returns only by throwing.
    public static func run(roleFile path: String) async throws {
        while true {
            if let role = try RoleFile.load(from: path) { try become(role) }
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
