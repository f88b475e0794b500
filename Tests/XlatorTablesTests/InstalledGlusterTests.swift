import Testing
import VolumeOptions

@testable import XlatorTables

/// Against the GlusterFS that `make setup` installs.
struct InstalledGlusterTests {
    @Test func everyInstalledXlatorIsRead() async throws {
        let table = try await helper.table(of: try #require(XlatorFolder.installed()))
        #expect(table.failures == [])
        #expect(table.xlators.count > 50)
        #expect(table.xlators.map(\.options.count).reduce(0, +) > 500)
        let options = table.options
        let cache = try #require(options.option("cache-size", of: "performance/io-cache"))
        #expect(cache.type == .sizet)
        #expect(cache.minimum == 4_194_304)
        #expect(cache.maximum == nil)
        #expect(cache.defaultValue == "32MB")
        #expect(cache.description?.contains("cache") == true)
        let policy = try #require(
            options.option("favorite-child-policy", of: "cluster/replicate"))
        #expect(policy.allowed == ["none", "size", "ctime", "mtime", "majority"])
        #expect(policy == options.option("favorite-child-policy", of: "cluster/afr"))
        // A pattern: auth.addr.*.allow.
        #expect(options.option("auth.addr./brick.allow", of: "protocol/server") != nil)
        // Of the transport, which exports `options` as xlators of old did.
        let backlog = try #require(
            options.option("transport.listen-backlog", of: "protocol/server"))
        #expect(backlog.defaultValue == "10")
        #expect(table.unmapped.contains("cluster/afr.afr-dirty-xattr"))
        #expect(!table.unmapped.contains("cluster/afr.choose-local"))
    }

    /// The built-in rows were made from 10.3, so they have to come out again.
    @Test func theTableOf103IsTheBuiltInOne() async throws {
        let folder = try #require(XlatorFolder.installed())
        guard folder.path.hasSuffix("/10.3") else { return }
        let merged = OptionTable.standard.merging(try await helper.table(of: folder).options)
        var differences: [String] = []
        var described = 0
        for (old, new) in zip(OptionTable.standard.entries, merged.entries) {
            if new.description != nil { described += 1 }
            var bare = new
            bare.description = old.description
            if bare != old { differences.append("\(old.key): \(old) -> \(bare)") }
        }
        #expect(differences == [])
        #expect(described > 250)
    }
}
