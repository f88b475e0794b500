import Foundation
import Testing

@testable import XlatorTables

struct TableCacheTests {
    private static let stamp = XlatorFolder.Stamp(folder: "/lib/10.3", files: 3, newest: 7)

    @Test func aCacheIsReadForTheSameFilesOnly() async throws {
        try await Scratch.with { scratch in
            let cache = TableCache(path: scratch.path + "/cache")
            #expect(try cache.load(for: Self.stamp) == nil)
            try cache.save(XlatorTableTests.table, for: Self.stamp)
            #expect(try cache.load(for: Self.stamp) == XlatorTableTests.table)
            var other = Self.stamp
            other.newest -= 1
            #expect(try cache.load(for: other) == nil)
            other = Self.stamp
            other.folder = "/lib/11.1"
            #expect(try cache.load(for: other) == nil)
            other = Self.stamp
            other.files = 4
            #expect(try cache.load(for: other) == nil)
        }
    }

    @Test func aDamagedCacheIsSaid() async throws {
        try await Scratch.with { scratch in
            let path = scratch.path + "/cache"
            let cache = TableCache(path: path)
            try cache.save(XlatorTableTests.table, for: Self.stamp)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            for place in stride(from: 0, to: whole.count, by: 7) {
                var bent = whole
                bent[place] ^= 0x10
                try bent.write(to: URL(fileURLWithPath: path))
                #expect(throws: TableCacheError.self) { try cache.load(for: Self.stamp) }
                try whole.prefix(place).write(to: URL(fileURLWithPath: path))
                #expect(throws: TableCacheError.self) { try cache.load(for: Self.stamp) }
            }
        }
    }

    @Test func theNewestVersionIsFoundAndAnUpdateIsSeen() async throws {
        try await Scratch.with { scratch in
            for version in ["9.6", "10.3", "10.12", "11"] {
                let category = "\(scratch.path)/glusterfs/\(version)/xlator/cluster"
                try FileManager.default.createDirectory(
                    atPath: category, withIntermediateDirectories: true)
            }
            try FileManager.default.removeItem(atPath: scratch.path + "/glusterfs/11/xlator")
            let folder = try #require(XlatorFolder.installed(below: ["/none", scratch.path]))
            #expect(folder.path.hasSuffix("/glusterfs/10.12"))
            #expect(folder.stamp() == nil)
            try scratch.write("1", to: "glusterfs/10.12/xlator/cluster/afr.so")
            let first = try #require(folder.stamp())
            #expect((first.version, first.files) == ("10.12", 1))
            #expect(folder.stamp() == first)
            let file = folder.path + "/xlator/cluster/afr.so"
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file)
            #expect(folder.stamp() != first)
            #expect(XlatorFolder.installed(below: ["/none"]) == nil)
        }
    }
}
