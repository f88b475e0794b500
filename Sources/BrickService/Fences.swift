import DurableFile
import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI
import Transaction

/// What this node refuses of which coordinators, kept over restarts.
struct Fences: Sendable {
    private let path: String
    private var table = FenceTable()
    /// Why the file cannot be used: without it old coordinators would pass.
    private let problem: String?

    init(path: String) {
        self.path = path
        var problem: String?
        do {
            if let bytes = try DurableFile.read(path, atMost: Limits.fencesBytes) {
                table = try JSONDecoder().decode(FenceTable.self, from: Data(bytes))
            }
        } catch { problem = "\(error)" }
        self.problem = problem
    }

    /// False for a coordinator older than one seen before, and for a step after an undo of the same
    /// one. What is newer is on disk when this returns.
    mutating func admits(
        _ token: FencingToken, isUndo: Bool, for object: String
    ) throws -> Bool {
        if let problem {
            throw GD2Error(
                .unavailable,
                "this node prepares and removes no bricks: \(path) is damaged (\(problem)); when "
                    + "no volume is being created or deleted, remove it and restart gd2-brickd")
        }
        switch table.admits(.init(token: token, isUndo: isUndo), for: object) {
        case .refused: return false
        case .known: return true
        case .newer(let newer):
            try DurableFile.replace(path, with: RecordCoding.encode(newer))
            table = newer
            return true
        }
    }
}
