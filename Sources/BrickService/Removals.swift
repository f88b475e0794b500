import FoundationEssentials
import Glibc
import GlusterModel
import Logging
import ServiceLifecycle

/// Removes folders that nobody waits for: hundreds of them in each brick that ran, which would be
/// most of the time that a delete takes. Each is noted in a file before, so that a restart goes on.
struct Removals: Service {
    private let folder: String
    private let log: Logger
    private let paths: AsyncStream<Note>
    private let giver: AsyncStream<Note>.Continuation

    private struct Note {
        var path: String
        var file: String
    }

    /// `folder`: where the notes are.
    init(folder: String, log: Logger) {
        self.folder = folder
        self.log = log
        (paths, giver) = AsyncStream.makeStream(
            of: Note.self, bufferingPolicy: .bufferingOldest(Limits.removalsWaiting))
    }

    /// Removes it a little later; at once when it cannot be noted or too many are waiting.
    func remove(_ path: String) {
        var generator = SystemRandomNumberGenerator()
        let file = "\(folder)/\(TransactionID(using: &generator))"
        let isNoted = FileManager.default.createFile(atPath: file, contents: Data(path.utf8))
        let note = Note(path: path, file: file)
        guard isNoted, case .enqueued = giver.yield(note) else { return carryOut(note) }
    }

    func run() async throws {
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        await cancelWhenGracefulShutdown {
            await removeLeftOver()
            for await note in paths { await remove(note) }
        }
    }

    /// Of an earlier run.
    @concurrent private func removeLeftOver() async {
        for name in FileTree.entries(folder) ?? [] {
            let file = "\(folder)/\(name)"
            guard let data = FileManager.default.contents(atPath: file) else { continue }
            carryOut(Note(path: String(decoding: data, as: UTF8.self), file: file))
        }
    }

    @concurrent private func remove(_ note: Note) async { carryOut(note) }

    private func carryOut(_ note: Note) {
        // A damaged note must not cost anything else.
        if let name = note.path.split(separator: "/").last,
            name.hasPrefix(BrickDirectory.removed)
        {
            FileTree.remove(note.path)
            log.debug("folder removed", metadata: ["folder": "\(note.path)"])
        }
        unlink(note.file)
    }
}
