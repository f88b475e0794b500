import FoundationEssentials
import Glibc
import Synchronization

/// Places where a test ends the process as kill -9 would: the name in `GD2_FAIL_POINT`, which only
/// debug builds look at. `name@3` is the third time that the place is passed.
public enum FailPoint {
    #if DEBUG
        private static let chosen: (name: String, time: Int) = {
            let wish = ProcessInfo.processInfo.environment["GD2_FAIL_POINT"] ?? ""
            let parts = wish.split(separator: "@")
            return (parts.first.map(String.init) ?? "", parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()
        private static let passes = Mutex(0)
    #endif

    public static func pass(_ name: String) {
        #if DEBUG
            guard name == chosen.name else { return }
            let time = passes.withLock { passes in
                passes += 1
                return passes
            }
            if time == chosen.time { kill(getpid(), SIGKILL) }
        #endif
    }
}
