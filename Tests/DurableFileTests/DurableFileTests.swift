import DurableFile
import FoundationEssentials
import Glibc
import TemporaryFolder
import Testing

@Suite struct DurableFileTests {
    @Test func whatWasWrittenIsReadAndIsItsOwnersAlone() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/f"
            #expect(try DurableFile.read(path, atMost: 10) == nil)
            try DurableFile.replace(path, with: [1, 2, 3])
            try DurableFile.replace(path, with: [4])
            #expect(try DurableFile.read(path, atMost: 10) == [4])
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }

    @Test func aFileThatIsThereAndCannotBeReadIsNoAbsentOne() throws {
        try TemporaryFolder.with { folder in
            try DurableFile.replace(folder + "/long", with: [UInt8](repeating: 0, count: 11))
            #expect(throws: FileError(folder + "/long", "read", EFBIG)) {
                try DurableFile.read(folder + "/long", atMost: 10)
            }
            #expect(throws: FileError(folder, "open", EISDIR)) {
                try DurableFile.read(folder, atMost: 10)
            }
            #expect(throws: FileError(folder + "/long/f", "open", ENOTDIR)) {
                try DurableFile.read(folder + "/long/f", atMost: 10)
            }
        }
    }

    @Test func whatCannotBeWrittenLeavesTheOldFileAndNothingElse() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/f"
            try DurableFile.replace(path, with: [1])
            try FileManager.default.createDirectory(
                atPath: folder + "/full", withIntermediateDirectories: false)
            #expect(throws: FileError(folder + "/full", "rename", EISDIR)) {
                try DurableFile.replace(folder + "/full", with: [2])
            }
            rmdir(folder + "/full")
            #expect(throws: FileError(folder + "/none/f", "open", ENOENT)) {
                try DurableFile.replace(folder + "/none/f", with: [2])
            }
            #expect(try DurableFile.read(path, atMost: 10) == [1])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }
}
