import DurableFile
import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI

/// The highest fencing token that this node has seen for each object, kept over restarts: a
/// coordinator that lost its lock is refused even when nobody else has come yet.
struct Fences: Sendable {
    private let path: String
    private var tokens: [String: FencingToken] = [:]
    /// Why the file cannot be used: without it old coordinators would pass.
    private let problem: String?

    init(path: String) {
        self.path = path
        var problem: String?
        do {
            if let bytes = try DurableFile.read(path, atMost: Limits.fencesBytes) {
                tokens = try JSONDecoder().decode(
                    [String: FencingToken].self, from: Data(bytes))
            }
        } catch { problem = "\(error)" }
        self.problem = problem
    }

    /// False when `token` is older than one seen before. A newer one is on disk when this returns.
    mutating func admits(_ token: FencingToken, for object: String) throws -> Bool {
        if let problem {
            throw GD2Error(
                .unavailable,
                "this node prepares and removes no bricks: \(path) is damaged (\(problem)); when "
                    + "no volume is being created or deleted, remove it and restart gd2-brickd")
        }
        if let known = tokens[object] {
            if token < known { return false }
            if token == known { return true }
        }
        var newer = tokens
        newer[object] = token
        while newer.count > Limits.fences,
            let oldest = newer.min(by: { $0.value < $1.value })?.key
        {
            newer[oldest] = nil
        }
        try DurableFile.replace(path, with: RecordCoding.encode(newer))
        tokens = newer
        return true
    }
}
