import CLinux
import Glibc

/// Starts processes in sessions of their own, where there is no systemd.
public struct DetachedLauncher: ProcessLauncher {
    public init() {}

    /// POSIX_SPAWN_SETSID of spawn.h, which is a GNU extension there.
    private static let newSession: Int32 = 0x80

    private static func mayOpen(_ descriptor: Int32) -> Bool {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur > rlim_t(descriptor)
    }

    public func launch(_ spec: ProcessSpec) async throws(ProcessError) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Self.newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // A connection that the child kept would look open to its other end after our own end.
        gd2_spawn_close_from(&actions, 3)
        if Self.mayOpen(LargeTable.descriptor) {
            posix_spawn_file_actions_adddup2(&actions, 0, LargeTable.descriptor)
        }
        var words: [UnsafeMutablePointer<CChar>?] =
            ([spec.executable] + spec.arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        let environment = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C",
        ]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        variables.append(nil)
        defer { for variable in variables { free(variable) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, spec.executable, &actions, &attributes, words, variables)
        guard result == 0 else { throw .failed(call: spec.executable, errno: result) }
        return pid
    }
}
