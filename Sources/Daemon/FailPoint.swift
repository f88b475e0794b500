import FoundationEssentials
import Glibc

/// Places where a test ends the process as kill -9 would: the name in `GD2_FAIL_POINT`, which only
/// debug builds look at.
public enum FailPoint {
    #if DEBUG
        private static let chosen = ProcessInfo.processInfo.environment["GD2_FAIL_POINT"] ?? ""
    #endif

    public static func pass(_ name: String) {
        #if DEBUG
            if name == chosen { kill(getpid(), SIGKILL) }
        #endif
    }
}
