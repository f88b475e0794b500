import FoundationEssentials
import GlusterModel
import StoreAPI

/// The highest fencing token that this node has seen for each object, kept over restarts: a
/// coordinator that lost its lock is refused even when nobody else has come yet.
struct Fences: Sendable {
    private let path: String
    private var tokens: [String: FencingToken]
    private static let objectsMax = 10_000

    init(path: String) {
        self.path = path
        let data = FileManager.default.contents(atPath: path) ?? Data()
        tokens = (try? JSONDecoder().decode([String: FencingToken].self, from: data)) ?? [:]
    }

    /// False when `token` is older than one seen before. A newer one is on disk when this returns.
    mutating func admits(_ token: FencingToken, for object: String) throws -> Bool {
        if let known = tokens[object] {
            if token < known { return false }
            if token == known { return true }
        }
        var newer = tokens
        newer[object] = token
        while newer.count > Self.objectsMax,
            let oldest = newer.min(by: { $0.value < $1.value })?.key
        {
            newer[oldest] = nil
        }
        try Data(RecordCoding.encode(newer)).write(to: URL(filePath: path), options: .atomic)
        tokens = newer
        return true
    }
}
