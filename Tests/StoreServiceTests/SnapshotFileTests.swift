import Crypto
import Foundation
import TemporaryFolder
import Testing

@testable import StoreService

struct SnapshotFileTests {
    /// Longer than what is read at once, so that the checksum comes in two pieces.
    private static let content = (0..<(2_048 + 3) * 512).map { UInt8(truncatingIfNeeded: $0 / 7) }

    @Test(arguments: [1, 2_048, 2_051])
    func aSoundSnapshotIsKnownByItsChecksum(_ pages: Int) throws {
        let content = Self.content.prefix(pages * 512)
        let bytes = content + Array(SHA256.hash(data: content))
        let file = try #require(try read(Array(bytes)))
        #expect(file.problem == nil)
        #expect(file.bytes == UInt64(bytes.count))
        let digest = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
        #expect(file.digest == digest)
    }

    @Test(arguments: [0, 1_048_575, 1_048_576, 1_050_112, 1_050_143])
    func aChangedByteIsFound(_ index: Int) throws {
        var bytes = Self.content + Array(SHA256.hash(data: Self.content))
        bytes[index] ^= 1
        #expect(try read(bytes)?.problem == "etcd's checksum does not agree")
    }

    @Test(arguments: [0, 32, 31, 512, 513 + 32])
    func aCutFileIsFound(_ count: Int) throws {
        let bytes = Array(Self.content.prefix(count))
        #expect(try read(bytes)?.problem == "it has \(count) bytes, which no snapshot has")
    }

    @Test func aFileThatIsNotThereIsNone() {
        #expect(SnapshotFile(reading: "/nonexistent/a.db") == nil)
    }

    private func read(_ bytes: [UInt8]) throws -> SnapshotFile? {
        try TemporaryFolder.with { folder in
            let path = folder + "/snapshot.db"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return SnapshotFile(reading: path)
        }
    }
}
