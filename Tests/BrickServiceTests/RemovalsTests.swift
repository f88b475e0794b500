import FoundationEssentials
import Glibc
import GlusterModel
import Logging
import TemporaryFolder
import Testing

@testable import BrickService

/// What a delete leaves to be removed after its answer.
@Suite struct RemovalsTests {
    private static let volume = VolumeID(high: 1, low: 1)

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        try await TemporaryFolder.with(onDisk: true, body)
    }

    private func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    @Test(.enabled(if: geteuid() == 0, "trusted extended attributes need root"))
    func aBrickThatRanIsFreeAtOnceAndItsFoldersAreGivenAway() async throws {
        try await withFolder { folder in
            let directory = BrickDirectory(path: try BrickPath(validating: folder))
            try directory.mark(Self.volume)
            try make(folder + "/.glusterfs/00/01")
            var given: [String] = []
            directory.unmark(Self.volume) { given.append($0) }
            #expect(given == ["\(folder)/.gd2-removed-\(Self.volume)"])
            #expect(FileTree.entries(folder) == [".gd2-removed-\(Self.volume)"])
            // Again, as after a crash: the mark is gone, what is left is given away once more.
            directory.unmark(Self.volume) { FileTree.remove($0) }
            #expect(FileTree.entries(folder)?.isEmpty == true)
        }
    }

    @Test func whatAnEarlierRunNotedIsRemovedAndADamagedNoteCostsNothing() async throws {
        try await withFolder { folder in
            let left = folder + "/brick/.gd2-removed-\(Self.volume)"
            let (notes, precious) = (folder + "/notes", folder + "/precious")
            for path in [left + "/00/01", notes, precious] { try make(path) }
            try Data(left.utf8).write(to: URL(filePath: notes + "/1"))
            try Data(precious.utf8).write(to: URL(filePath: notes + "/2"))
            let removals = Removals(folder: notes, log: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await removals.run() }
                let limit = ContinuousClock.now + .seconds(20)
                while FileTree.entries(notes)?.isEmpty == false, ContinuousClock.now < limit {
                    try await Task.sleep(for: .milliseconds(5))
                }
                group.cancelAll()
            }
            #expect(!FileTree.exists(left))
            #expect(FileTree.entries(notes)?.isEmpty == true)
            #expect(FileTree.exists(precious))
        }
    }
}
