import Foundation
import Testing
import VolumeOptions

@testable import XlatorTables

struct XlatorTableTests {
    static let table: XlatorTable = {
        var option = XlatorOption(keys: ["cache-size", "size"], type: .sizet)
        (option.minimum, option.maximum) = (4_194_304, 34_359_738_368)
        (option.defaultValue, option.description) = ("32MB", "Size of the \"cache\"\n")
        option.flags = [.settable, .neverReset]
        let xlator = XlatorTable.Xlator(
            name: "performance/io-cache", aliases: ["performance/ioc"], options: [option])
        return XlatorTable(
            folder: "/lib/glusterfs/10.3", xlators: [xlator],
            failures: [.init(xlator: "test/bad", error: "it does not load")])
    }()

    @Test func aTableIsReadAsItWasWritten() throws {
        let table = try XlatorTable(parsing: Self.table.bytes())
        #expect(table == Self.table)
        #expect(table.options.option("size", of: "performance/ioc")?.defaultValue == "32MB")
    }

    @Test func everyCutTableIsRefused() throws {
        let bytes = try Self.table.bytes()
        for count in 0..<bytes.count {
            #expect(throws: XlatorTableError.self) {
                try XlatorTable(parsing: Array(bytes[..<count]))
            }
        }
    }

    @Test(arguments: [
        (#""type":"sizet""#, #""type":"colour""#), (#""max":34359738368"#, #""max":1e999"#),
        (#""max":34359738368"#, #""max":"34359738368""#),
        (#""flags":["settable""#, #""flags":["x""#),
        (#""keys":["cache-size","size"]"#, #""keys":[]"#),
        (#""keys":["cache-size","size"]"#, #""keys":["a","b","c","d","e"]"#),
        (#""keys":["cache-size","size"]"#, #""keys":["cache-size",""]"#),
        (#""aliases":["performance/ioc"]"#, #""aliases":["performance/io-cache"]"#),
        (#""aliases":["performance/ioc"]"#, #""aliases":["../../etc/passwd"]"#),
        (#""format":"gd2-xlator-table-1""#, #""format":"gd2-xlator-table-2""#),
        (#""level":"advanced","#, ""),
    ])
    func aBentTableIsRefused(from: String, to: String) throws {
        let text = String(decoding: try Self.table.bytes(), as: UTF8.self)
        try #require(text.contains(from))
        let bent = Array(text.replacing(from, with: to).utf8)
        #expect(throws: XlatorTableError.self) { try XlatorTable(parsing: bent) }
    }

    @Test func bentBytesNeverDoMoreThanThrow() throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &random)
        var generator = SplitMix(state: seed)
        let bytes = try Self.table.bytes()
        for _ in 0..<500 {
            var bent = bytes
            for _ in 0..<3 {
                bent[Int.random(in: 0..<bent.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do throws(XlatorTableError) { _ = try XlatorTable(parsing: bent) } catch {}
        }
    }

    @Test func whatIsTooLargeIsRefused() throws {
        #expect(throws: XlatorTableError.tooLong(bytes: Limits.tableBytes)) {
            try XlatorTable(parsing: [UInt8](repeating: 0x20, count: Limits.tableBytes + 1))
        }
        var table = Self.table
        table.xlators[0].options[0].description = String(
            repeating: "x", count: Limits.stringBytes + 1)
        let long = try table.bytes()
        #expect(throws: XlatorTableError.self) { try XlatorTable(parsing: long) }
        table = Self.table
        table.xlators[0].options = Array(
            repeating: table.xlators[0].options[0], count: Limits.optionsPerXlator + 1)
        let many = try table.bytes()
        #expect(throws: XlatorTableError.self) { try XlatorTable(parsing: many) }
    }

    @Test func aPatternWithManyStarsIsMatchedSoon() {
        var option = XlatorOption(keys: ["x"], type: .str)
        let stars = String(repeating: "a*", count: 2_000)
        option.allowed = ["auth.*.allow", "b?", stars + "b"]
        #expect(option.kind.canonical("auth.x.y.allow") == "auth.x.y.allow")
        #expect(option.kind.canonical("bc") == "bc")
        #expect(option.kind.canonical("b") == nil)
        #expect(option.kind.canonical("auth.allow") == nil)
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(option.kind.canonical(String(repeating: "a", count: 4_000)) == nil)
        }
        #expect(time < .seconds(30))
    }

    @Test func anOptionKeepsWhatGlusterdItselfDecides() throws {
        let table = OptionTable.standard.merging(
            InstalledOptions(xlators: [
                "performance/io-cache": [
                    {
                        var option = XlatorOption(keys: ["max-file-size"], type: .sizet)
                        (option.minimum, option.maximum) = (1, 5)
                        option.defaultValue = "4"
                        option.description = "new"
                        return option
                    }()
                ],
                "cluster/distribute": [
                    {
                        var option = XlatorOption(keys: ["lock-migration"], type: .bool)
                        option.defaultValue = "on"
                        return option
                    }()
                ],
            ]))
        #expect(throws: OptionError.self) {
            try table.validate("performance.cache-max-file-size", "6")
        }
        #expect(try table.validate("performance.cache-max-file-size", "5").value == "5")
        #expect(table.defaultValue("performance.cache-max-file-size") == "4")
        #expect(table.entry("performance.cache-max-file-size")?.description == "new")
        // glusterd writes "off" into volfiles, whatever the xlator would take.
        #expect(table.defaultValue("cluster.lock-migration") == "off")
        #expect(table.entries.map(\.key) == OptionTable.standard.entries.map(\.key))
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
