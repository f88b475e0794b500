import Glibc
import Synchronization

/// How many connections are open, and whether one more may come in.
public final class OpenConnections: Sendable {
    private let count = Mutex(0)
    private let limit: Int

    /// `atMost`, or less where this process may open only few files.
    public init(atMost limit: Int) { self.limit = Self.bounded(limit) }

    public func enter() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    public func leave() { count.withLock { $0 -= 1 } }

    /// Not more than three eighths of the descriptors that this process may have.
    public static func bounded(_ limit: Int) -> Int {
        var files = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else {
            return limit
        }
        return min(limit, Int(clamping: files.rlim_cur) * 3 / 8)
    }
}
