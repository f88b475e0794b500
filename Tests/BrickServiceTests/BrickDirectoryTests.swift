import CLinux
import FoundationEssentials
import GD2Error
import Glibc
import GlusterModel
import TemporaryFolder
import Testing
import Transaction

@testable import BrickService

/// GD2's checks of a brick's directory (gd2-api 9.3), on real directories. Marks are trusted
/// extended attributes, which root alone sets.
@Suite(.enabled(if: geteuid() == 0, "trusted extended attributes need root"))
struct BrickDirectoryTests {
    private static let volume = VolumeID(high: 1, low: 1)
    private static let other = VolumeID(high: 2, low: 2)
    private static let volumeID = "trusted.glusterfs.volume-id"
    /// Below /var/tmp, which is on the root file system more often than not.
    private static let anywhere = BrickFlags(allowRootDirectory: true)

    private func withFolder(_ body: (String) throws -> Void) throws {
        try TemporaryFolder.with(onDisk: true, body)
    }

    private func directory(_ path: String) throws -> BrickDirectory {
        BrickDirectory(path: try BrickPath(validating: path))
    }

    private func check(
        _ path: String, _ flags: BrickFlags, others: [String] = []
    ) throws {
        let foreseen = examine(path, flags, others: others)
        try directory(path).check(
            flags, volume: Self.volume, others: others.map { try BrickPath(validating: $0) })
        #expect(foreseen == nil, "of the dry run")
    }

    /// What a dry run says, which leaves all as it was.
    private func examine(
        _ path: String, _ flags: BrickFlags, others: [String] = []
    ) -> GD2Error? {
        guard let brick = try? directory(path) else { return nil }
        let others = others.compactMap { try? BrickPath(validating: $0) }
        var status = stat()
        let before = (stat(path, &status) == 0, status.st_ctim.tv_nsec, attributes(path))
        defer {
            let after = (stat(path, &status) == 0, status.st_ctim.tv_nsec, attributes(path))
            #expect(before == after)
        }
        do { try brick.examine(flags, volume: Self.volume, others: others) } catch {
            return error
        }
        return nil
    }

    private func expectRefusal(
        _ path: String, _ flags: BrickFlags, others: [String] = [], code: ErrorCode = .invalid,
        _ hint: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let foreseen = examine(path, flags, others: others)
        let error = #expect(throws: GD2Error.self, sourceLocation: sourceLocation) {
            try check(path, flags, others: others)
        }
        #expect(foreseen == error, "of the dry run", sourceLocation: sourceLocation)
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(
            error?.message.contains(hint) == true, "\(error?.message ?? "")",
            sourceLocation: sourceLocation)
        #expect(error?.fields["brick"] == path, sourceLocation: sourceLocation)
    }

    private func attributes(_ path: String) -> Set<String> {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = max(0, listxattr(path, &buffer, buffer.count))
        let names = buffer.prefix(count).split(separator: 0)
            .map { String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        return Set(names.filter { $0.hasPrefix("trusted.") })
    }

    @Test func check1APathTooLongIsNoBrickPath() {
        #expect(throws: BrickPathError.self) {
            try directory("/" + String(repeating: "x", count: 256))
        }
        #expect(throws: BrickPathError.self) {
            try directory(String(repeating: "/abcdefghi", count: 400))
        }
    }

    @Test func check2ADirectoryExistsOrIsMade() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            expectRefusal(brick, Self.anywhere, "does not exist")
            #expect(!FileManager.default.fileExists(atPath: brick))
            try check(brick, BrickFlags(allowRootDirectory: true, createBrickDirectory: true))
            try check(folder + "/c", BrickFlags(force: true))
            #expect(FileManager.default.fileExists(atPath: brick))
            #expect(FileManager.default.fileExists(atPath: folder + "/c"))
            // Only the last component is made.
            expectRefusal(folder + "/x/y", BrickFlags(force: true), "cannot be made")
        }
    }

    @Test func check3AFileIsNoDirectoryWhateverIsForced() throws {
        try withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/f"))
            expectRefusal(folder + "/f", BrickFlags(force: true), "is no directory")
        }
    }

    @Test func check4AMountPointIsRefused() {
        expectRefusal("/proc", BrickFlags(), "is a mount point")
        // Allowed, it fails at the next check that it does not pass.
        expectRefusal("/proc", BrickFlags(allowMountAsBrick: true), "extended attributes")
    }

    @Test func check5TheRootFileSystemIsRefused() throws {
        try withFolder { folder in
            var (own, root) = (stat(), stat())
            try #require(stat(folder, &own) == 0 && stat("/", &root) == 0)
            if own.st_dev == root.st_dev {
                expectRefusal(folder, BrickFlags(), "is on the root file system")
            } else {
                try check(folder, BrickFlags())
            }
            try check(folder, Self.anywhere)
            try check(folder, BrickFlags(force: true))
        }
    }

    @Test func check6ExtendedAttributesAreTriedAndNothingStays() throws {
        expectRefusal("/proc", BrickFlags(force: true), "takes no trusted extended attributes")
        try withFolder { folder in
            try check(folder, Self.anywhere)
            #expect(attributes(folder).isEmpty)
        }
    }

    @Test(arguments: [volumeID, "trusted.gfid"], ["", "/sub", "/sub/deep"])
    func check7WhatWasABrickOrLiesInOneIsRefused(name: String, below: String) throws {
        try withFolder { folder in
            let brick = folder + below
            try FileManager.default.createDirectory(
                atPath: brick, withIntermediateDirectories: true)
            let bytes = Self.other.bytes
            try #require(setxattr(folder, name, bytes, bytes.count, 0) == 0)
            expectRefusal(brick, Self.anywhere, code: .conflict, "is or was part of a volume")
            try check(brick, BrickFlags(reuseBricks: true, allowRootDirectory: true))
            try check(brick, BrickFlags(force: true))
        }
    }

    @Test func check7OurOwnMarkOfARunBeforeIsNone() throws {
        try withFolder { folder in
            try directory(folder).mark(Self.volume)
            try check(folder, Self.anywhere)
            try FileManager.default.createDirectory(
                atPath: folder + "/sub", withIntermediateDirectories: true)
            expectRefusal(
                folder + "/sub", Self.anywhere, code: .conflict, "is or was part of a volume")
        }
    }

    @Test func check8AnotherVolumesBrickIsNeverTaken() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            try FileManager.default.createDirectory(
                atPath: brick, withIntermediateDirectories: true)
            let force = BrickFlags(force: true)
            for other in [brick, folder, brick + "/inside"] {
                expectRefusal(
                    brick, force, others: ["/elsewhere", other], code: .conflict,
                    "of another volume")
            }
            try check(brick, force, others: [folder + "/b2", "/elsewhere"])
        }
    }

    /// Also by another path: GD1 looks at real paths, too.
    @Test func check8ASymbolicLinkToABrickIsTheBrick() throws {
        try withFolder { folder in
            let (brick, link) = (folder + "/b", folder + "/link")
            for made in [brick, brick + "/sub"] {
                try FileManager.default.createDirectory(
                    atPath: made, withIntermediateDirectories: true)
            }
            guard symlink(brick, link) == 0 else { throw POSIXError(.EIO) }
            // As every brick of a volume is.
            try directory(brick).mark(VolumeID(high: 9, low: 9))
            let force = BrickFlags(force: true)
            let pairs = [
                (link, brick), (brick, link), (link + "/sub", brick), (folder, link),
                (link + "/made", brick), (brick + "/sub", link),
            ]
            for (path, other) in pairs {
                expectRefusal(path, force, others: [other], code: .conflict, "of another volume")
                let sibling = #expect(throws: GD2Error.self) {
                    try directory(path).examine(
                        force, volume: Self.volume, others: [],
                        siblings: [try BrickPath(validating: other)])
                }
                #expect(sibling?.message.contains("of the same volume") == true)
            }
            // A name that only begins alike is another place.
            try check(folder + "/b2", force, others: [link, brick])
        }
    }

    @Test func markingTwiceIsMarkingOnceAndUndoLeavesNothing() throws {
        try withFolder { folder in
            let directory = try directory(folder)
            #expect(directory.problem(Self.volume)?.contains("no mark of a brick") == true)
            for _ in 0..<2 { try directory.mark(Self.volume) }
            #expect(attributes(folder) == [Self.volumeID])
            #expect(directory.problem(Self.volume) == nil)
            #expect(directory.problem(Self.other)?.contains("another volume") == true)
            for _ in 0..<2 { directory.undoMark(Self.volume) }
            #expect(attributes(folder).isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test func undoOfAMadeDirectoryTakesItAwayAndAnyUndoKeepsFiles() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            try check(brick, BrickFlags(allowRootDirectory: true, createBrickDirectory: true))
            try directory(brick).mark(Self.volume)
            try directory(brick).undoMark(Self.volume)
            #expect(!FileManager.default.fileExists(atPath: brick))

            try FileManager.default.createDirectory(
                atPath: brick, withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: URL(filePath: brick + "/file"))
            try directory(brick).mark(Self.volume)
            try directory(brick).undoMark(Self.volume)
            #expect(attributes(brick).isEmpty)
            #expect(FileManager.default.contents(atPath: brick + "/file") == Data("mine".utf8))
        }
    }

    @Test func undoKeepsADirectoryThatWasThereBefore() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            try FileManager.default.createDirectory(
                atPath: brick, withIntermediateDirectories: true)
            try check(brick, BrickFlags(force: true))
            for _ in 0..<2 { try directory(brick).undoMark(Self.volume) }
            try check(brick, BrickFlags(force: true))
            try directory(brick).mark(Self.volume)
            for _ in 0..<2 { try directory(brick).undoMark(Self.volume) }
            #expect(FileManager.default.fileExists(atPath: brick))
            #expect(attributes(brick).isEmpty)
        }
    }

    @Test func undoOfAMadeDirectoryThatWasNotMarkedYetTakesItAway() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            try check(brick, BrickFlags(force: true))
            try directory(brick).undoMark(Self.volume)
            #expect(!FileManager.default.fileExists(atPath: brick))
        }
    }

    @Test func undoPutsBackTheMarkThatForceWroteOver() throws {
        try withFolder { folder in
            let directory = try directory(folder)
            try directory.mark(Self.other)
            for _ in 0..<2 { try directory.mark(Self.volume) }
            #expect(directory.problem(Self.volume) == nil)
            for _ in 0..<2 { directory.undoMark(Self.volume) }
            #expect(directory.problem(Self.other) == nil)
            #expect(attributes(folder) == [Self.volumeID])
        }
    }

    @Test func whatOnlyAnUndoNeedsGoesBeforeABrickStarts() throws {
        try withFolder { folder in
            let brick = folder + "/b"
            try check(brick, BrickFlags(allowRootDirectory: true, createBrickDirectory: true))
            try directory(brick).mark(Self.other)
            try directory(brick).mark(Self.volume)
            try directory(brick).settle()
            #expect(attributes(brick) == [Self.volumeID])
        }
    }

    @Test func theMarksOfAnotherVolumeStay() throws {
        try withFolder { folder in
            let directory = try directory(folder)
            try directory.mark(Self.other)
            directory.undoMark(Self.volume)
            #expect(directory.problem(Self.other) == nil)
        }
    }

    @Test func aFullBrickKeepsWhatGlusterFSKnowsOfItsFilesAndALinkIsNotFollowed() throws {
        try withFolder { folder in
            let (brick, outside) = (folder + "/b", folder + "/outside")
            for path in [brick, outside] {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true)
            }
            try Data().write(to: URL(filePath: outside + "/precious"))
            let directory = try directory(brick)
            try directory.mark(Self.volume)
            try #require(symlink(outside, brick + "/.glusterfs/link") == 0)
            try Data().write(to: URL(filePath: brick + "/file"))
            directory.unmark(Self.volume)
            #expect(FileManager.default.fileExists(atPath: brick + "/.glusterfs"))
            try FileManager.default.removeItem(atPath: brick + "/file")
            try directory.mark(Self.volume)
            directory.unmark(Self.volume)
            #expect(!FileManager.default.fileExists(atPath: brick + "/.glusterfs"))
            #expect(FileManager.default.fileExists(atPath: outside + "/precious"))
        }
    }
}
