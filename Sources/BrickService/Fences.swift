import DurableFile
import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI
import Transaction

/// What this node refuses of which coordinators, kept over restarts: a table in the first line of a
/// file, and a line for each object after that, so that a step writes little among many volumes.
struct Fences: Sendable {
    private let path: String
    private var table = FenceTable()
    /// Why the file cannot be used: without it old coordinators would pass.
    private var problem: String?
    /// Lines that can follow before the file is written anew; 0: it is not as it should be.
    private var linesLeft = 0

    init(path: String) {
        self.path = path
        do {
            if let bytes = try DurableFile.read(path, atMost: Limits.fencesBytes) {
                try read(bytes)
            }
        } catch { problem = "\(error)" }
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
            try write(newer, .init(.init(token: token, isUndo: isUndo), for: object))
            table = newer
            return true
        }
    }

    private mutating func read(_ bytes: [UInt8]) throws {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let isEnded = bytes.last == UInt8(ascii: "\n")
        for (number, line) in lines.enumerated() {
            // A crash left a part of a line: nobody was obeyed by it.
            let isPart = number > 0 && number == lines.count - 1 && !isEnded
            do { table.merge(try JSONDecoder().decode(FenceTable.self, from: Data(line))) } catch {
                guard isPart else { throw error }
            }
        }
        linesLeft = isEnded ? max(0, Limits.fenceLines - lines.count) : 0
    }

    private mutating func write(_ newer: FenceTable, _ added: FenceTable) throws {
        let newline = UInt8(ascii: "\n")
        guard linesLeft > 0 else {
            try DurableFile.replace(path, with: RecordCoding.encode(newer) + [newline])
            linesLeft = Limits.fenceLines
            return
        }
        do {
            try DurableFile.append(path, RecordCoding.encode(added) + [newline])
            linesLeft -= 1
        } catch {
            linesLeft = 0
            throw error
        }
    }
}
