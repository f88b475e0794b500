import Glibc

/// How many descriptors this process may have (RLIMIT_NOFILE of getrlimit(2)).
enum FileLimit {
    struct TooLow: Error, Equatable, CustomStringConvertible {
        var limit: UInt

        var description: String {
            "\(limit) files may be open, and \(Limits.openFilesMin) are needed at least: raise "
                + "LimitNOFILE= of the unit, or ulimit -n"
        }
    }

    /// Thousands of clients need more descriptors than the 1024 that systemd gives by itself.
    static func raise() {
        guard var files = now else { return }
        files.rlim_cur = min(files.rlim_max, Limits.openFiles)
        setrlimit(resource, &files)
    }

    /// An event loop ends the program where it gets no descriptor, which may be much later.
    static func check() throws(TooLow) {
        guard let files = now, files.rlim_cur < Limits.openFilesMin else { return }
        throw TooLow(limit: files.rlim_cur)
    }

    private static var resource: __rlimit_resource_t {
        __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    }

    private static var now: rlimit? {
        var files = rlimit()
        return getrlimit(resource, &files) == 0 ? files : nil
    }
}
