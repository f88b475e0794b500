import FoundationEssentials
import Glibc
import Testing

/// Folders of a test's own, which are gone with all that is in them when its body ends. One that is
/// left behind is an issue of the test.
public enum TemporaryFolder {
    /// `onDisk`: below /var/tmp, where files have extended attributes, instead of in the system's
    /// temporary directory, which may be in memory.
    public static func with<Result>(
        onDisk: Bool = false, _ body: (_ path: String) throws -> Result
    ) throws -> Result {
        let path = try make(onDisk: onDisk)
        defer { remove(path).map { _ = Issue.record("\(path) is left behind: \($0)") } }
        return try body(path)
    }

    /// `onDisk`: as of the other.
    public static func with<Result>(
        onDisk: Bool = false, _ body: (_ path: String) async throws -> Result
    ) async throws -> Result {
        let path = try make(onDisk: onDisk)
        defer { remove(path).map { _ = Issue.record("\(path) is left behind: \($0)") } }
        return try await body(path)
    }

    private static func make(onDisk: Bool) throws -> String {
        let parent = onDisk ? "/var/tmp" : FileManager.default.temporaryDirectory.path
        let path = "\(parent)/gd2-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    /// Why it is left behind, nil when it is gone. Tries again for `limit`: another thread may be
    /// about to put a file into it. Blocks, so that a cancelled task waits too.
    static func remove(_ path: String, limit: Duration = .seconds(5)) -> (any Error)? {
        let end = ContinuousClock.now + limit
        while FileManager.default.fileExists(atPath: path) {
            do { try FileManager.default.removeItem(atPath: path) } catch {
                guard ContinuousClock.now < end else { return error }
                usleep(10_000)
            }
        }
        return nil
    }
}
