import Seeded
import Testing
import VolumeOptions

@Suite struct VolumeOptionsTests {
    private let table = OptionTable.standard

    @Test(arguments: [
        // Boolean: stored as on or off.
        ("cluster.lookup-optimize", "Enable", "on"), ("cluster.lookup-optimize", "0", "off"),
        ("performance.write-behind", "TRUE", "on"), ("nfs.disable", "no", "off"),
        // Whole number, with bounds.
        ("cluster.read-hash-mode", "5", "5"), ("cluster.read-subvolume-index", "-1", "-1"),
        ("cluster.subvols-per-directory", "0x10", "0x10"), ("storage.create-mask", "0777", "0777"),
        // Size, in bytes.
        ("cluster.self-heal-readdir-size", "1KB", "1KB"),
        ("cluster.self-heal-readdir-size", "131072", "131072"),
        ("cluster.self-heal-readdir-size", "1.5kb", "1.5kb"),
        // Percentage, or size.
        ("cluster.min-free-inodes", "5%", "5%"), ("cluster.min-free-inodes", "12.5", "12.5"),
        ("cluster.min-free-inodes", "1.5%", "1.5%"), ("cluster.min-free-inodes", "+5%", "+5%"),
        ("cluster.min-free-inodes", "0x32", "0x32"), ("cluster.min-free-inodes", "0x32%", "0x32%"),
        ("cluster.min-free-disk", "10%", "10%"), ("cluster.min-free-disk", "20GB", "20GB"),
        ("cluster.min-free-disk", "1.5%", "1.5%"), ("cluster.min-free-disk", "+5MB", "+5MB"),
        ("cluster.min-free-disk", "10.0", "10.0"),
        ("performance.cache-max-file-size", "+1.5MB", "+1.5MB"),
        ("performance.cache-max-file-size", "5B", "5B"),
        // Time, in seconds.
        ("network.frame-timeout", "30min", "30min"), ("network.frame-timeout", "1800", "1800"),
        ("network.ping-timeout", "0x10", "0x10"), ("network.ping-timeout", "+5s", "+5s"),
        ("network.ping-timeout", "010", "010"), ("network.ping-timeout", "0x1d", "0x1d"),
        ("client.ta-brick-port", "65535", "65535"),
        // One of a list, and patterns of it.
        ("cluster.lookup-unhashed", "auto", "auto"),
        // Path.
        ("server.statedump-path", "/var/run/gluster", "/var/run/gluster"),
        // Texts and lists; blanks around are left out.
        ("auth.allow", " 10.0.0.*,host1\t", "10.0.0.*,host1"),
        ("performance.cache-priority", "*.log:1,*.db:5", "*.log:1,*.db:5"),
    ])
    func aGoodValueIsStoredInOneForm(key: String, value: String, stored: String) throws {
        let result = try table.validate(key, value)
        #expect(result.key == key)
        #expect(result.value == stored)
        #expect(try table.validate(key, result.value).value == stored, "stored, then given again")
    }

    @Test(arguments: [
        ("cluster.lookup-optimize", "maybe", "on or off"), ("nfs.disable", "2", "on or off"),
        ("cluster.read-hash-mode", "6", "from 0 to 5"), ("cluster.read-hash-mode", "-1", "0 to 5"),
        ("cluster.read-hash-mode", "1.5", "whole number"), ("cluster.read-hash-mode", "", "0 to 5"),
        ("cluster.read-hash-mode", "0x", "0 to 5"), ("cluster.read-hash-mode", "0x-3", "0 to 5"),
        ("cluster.read-hash-mode", "99999999999999999999", "0 to 5"),
        ("cluster.read-hash-mode", "--1", "0 to 5"), ("cluster.read-hash-mode", "08", "0 to 5"),
        ("cluster.subvols-per-directory", "0", "at least 1"),
        ("cluster.self-heal-readdir-size", "1", "64MB from 1024 to 131072 (bytes)"),
        ("cluster.self-heal-readdir-size", "1MB", "1024 to 131072"),
        ("cluster.self-heal-readdir-size", "1XB", "64MB"),
        ("performance.cache-max-file-size", "-5MB", "64MB"),
        ("performance.cache-max-file-size", "99999999999999999PB", "64MB"),
        ("performance.cache-max-file-size", "nan", "64MB"),
        ("cluster.min-free-inodes", "101%", "0% to 100%"),
        ("cluster.min-free-disk", "x", "10% or 64MB"),
        ("cluster.min-free-inodes", "-0", "0% to 100%"),
        ("cluster.min-free-inodes", "-0%", "0% to 100%"),
        ("cluster.min-free-inodes", "0x65", "0% to 100%"),
        ("cluster.min-free-inodes", "0x", "0% to 100%"),
        ("cluster.min-free-disk", "-0", "10% or 64MB"),
        ("cluster.min-free-disk", "-0%", "10% or 64MB"),
        ("cluster.min-free-disk", "1.5", "10% or 64MB"),
        ("cluster.min-free-disk", "0.5MB", "10% or 64MB"),
        ("storage.reserve", "1.5MB", "10% or 64MB"), ("storage.reserve", "10.5GB", "10% or 64MB"),
        ("storage.reserve", "10.0GB", "10% or 64MB"), ("storage.reserve", "5B", "10% or 64MB"),
        ("performance.cache-max-file-size", "-0", "64MB"),
        ("performance.cache-max-file-size", "++5", "64MB"),
        ("performance.cache-max-file-size", "0x10", "64MB"),
        ("network.ping-timeout", "-0", "1013"), ("network.ping-timeout", "-0s", "1013"),
        ("network.ping-timeout", "08", "1013"), ("network.ping-timeout", "+-1", "1013"),
        ("network.ping-timeout", "0x", "1013"), ("network.ping-timeout", "1.5", "1013"),
        ("client.ta-brick-port", "0", "1 to 65535"), ("client.ta-brick-port", "on", "1 to 65535"),
        ("cluster.dht-xattr-name", "user.dht", "begins with trusted."),
        ("cluster.dht-xattr-name", "trusted.", "begins with trusted."),
        ("transport.listen-backlog", "0x10", "a whole number"),
        ("transport.address-family", "unix", "one of inet, inet6"),
        ("features.trash-dir", ".", "a name other than . and .."),
        ("features.trash-dir", "..", "a name other than . and .."),
        ("auth.allow", "a, b", "without blanks"),
        ("network.frame-timeout", "86401", "from 0 to 86400 (seconds)"),
        ("network.frame-timeout", "2fortnights", "30s, 5min or 2hr"),
        ("cluster.lookup-unhashed", "perhaps", "one of auto, yes"),
        ("server.statedump-path", "run", "an absolute path"),
        ("server.statedump-path", "/a/../b", "without .."),
    ])
    func aBadValueIsRefusedWithWhatIsAccepted(key: String, value: String, hint: String) {
        let error = #expect(throws: OptionError.self) { try table.validate(key, value) }
        guard case .badValue(key, value, let expected) = error else {
            Issue.record("\(key) \(value): \(error.map { "\($0)" } ?? "")")
            return
        }
        #expect(expected.contains(hint), "\(expected)")
    }

    /// What GlusterFS's lexer (graph.l) reads as something else than a word runs, or breaks the
    /// volfile for everybody.
    @Test(arguments: [
        "a b", "a\nb", "a\tb", "a\rb", "`id`", "a\"b", "a'b", "a\\b", "a#b", "#", "a\u{0}b",
        "a\u{7f}b", "volume", "type", "option", "subvolumes", "end-volume",
    ])
    func whatAVolfileCannotCarryIsRefusedForEveryOption(value: String) {
        let accepting = table.entries.filter { entry in
            (try? table.validate(entry.key, value, isGlobal: entry.isGlobal)) != nil
        }
        #expect(accepting.map(\.key) == [])
    }

    @Test func whateverIsAcceptedIsOneWordOfAVolfile() {
        var generator = SplitMix(seed: 11)
        let letters = Array("ab01,.:*/-%KMGBinfx \t\n\"'`\\#\u{7f}é½٣")
        let keys = Dictionary(grouping: table.entries, by: \.kind.value).values
            .compactMap { $0.first { !$0.isGlobal }?.key }
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...6, using: &generator)
            let text = String(
                (0..<count).compactMap { _ in letters.randomElement(using: &generator) })
            guard let key = keys.randomElement(using: &generator),
                let value = try? table.validate(key, text).value
            else { continue }
            #expect(!value.isEmpty && !value.contains(where: \.isWhitespace), "\(key) \(text)")
            #expect(!value.contains { "\"'`\\#".contains($0) }, "\(key) \(text)")
            #expect((try? table.validate(key, value).value) == value, "\(key) \(text)")
        }
    }

    @Test func everyDefaultOfTheMapIsAccepted() {
        // GlusterFS's own default of server-quorum-type, "off", is none of its values, and every
        // value of NFS-Ganesha's, quota's and bitrot detection's is refused.
        let without = [
            "cluster.server-quorum-type", "ganesha.enable", "features.quota",
            "features.inode-quota", "features.bitrot", "features.scrub", "features.scrub-freq",
            "features.scrub-throttle",
        ]
        for entry in table.entries where !entry.isGlobal && !without.contains(entry.key) {
            for text in [entry.mapDefault, entry.xlatorDefault].compactMap(\.self) {
                // Variables of GD2's and empty texts are no values that anybody sets.
                guard !text.contains("{{"), !text.isEmpty, !text.contains("/var") else { continue }
                do { _ = try table.validate(entry.key, text) } catch { Issue.record("\(error)") }
            }
        }
    }

    @Test(arguments: [
        ("performance.cache-siz", "performance.cache-size"),
        ("performance.writebehind", "performance.write-behind"),
        ("cluster.write-behind", "performance.write-behind"),
        ("network.frametimeout", "network.frame-timeout"),
        ("cache-siz", "performance.cache-size"), ("pingtimeout", "network.ping-timeout"),
        ("self-heal-deamon", "cluster.self-heal-daemon"),
    ])
    func anUnknownOptionIsRefusedWithASimilarOne(name: String, similar: String) {
        let error = #expect(throws: OptionError.self) { try table.key(for: name) }
        #expect(error?.description.contains("did you mean") == true)
        #expect(error?.description.contains(similar) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func aRefusedValueIsQuotedInPart() {
        let value = "a" + String(repeating: "\u{301}", count: 20_000)
        let error = #expect(throws: OptionError.self) {
            try table.validate("performance.cache-size", value)
        }
        #expect("\(error.map { "\($0)" } ?? value)".utf8.count < 1_000)
    }

    /// A slash and an accent are one character.
    @Test(arguments: ["a/b", "a/\u{301}b"]) func aNameHasNoSlash(value: String) {
        #expect(throws: OptionError.self) { try table.validate("features.trash-dir", value) }
    }

    @Test func anOptionLikeNoOtherIsRefusedWithHowToListThem() {
        #expect(throws: OptionError.unknown(key: "no.such-option-at-all", similar: [])) {
            try table.key(for: "no.such-option-at-all")
        }
        #expect(throws: OptionError.unknown(key: "nothing-like-it", similar: [])) {
            try table.key(for: "nothing-like-it")
        }
        #expect("\(OptionError.unknown(key: "x", similar: []))".contains("volume get VOLUME all"))
    }

    @Test(arguments: [
        ("performance.cache-size", "performance.cache-size"),
        ("frame-timeout", "network.frame-timeout"),
        ("cluster/distribute.lookup-optimize", "cluster.lookup-optimize"),
        ("distribute.lookup-optimize", "cluster.lookup-optimize"),
        ("protocol/client.frame-timeout", "network.frame-timeout"),
        ("cluster/replicate.eager-lock", "cluster.eager-lock"),
        ("afr.eager-lock", "cluster.eager-lock"), ("ec.eager-lock", "disperse.eager-lock"),
        ("dht.lookup-optimize", "cluster.lookup-optimize"),
        ("performance/quick-read", "performance.quick-read"),
        ("quick-read.quick-read", "performance.quick-read"),
        ("quick-read", "performance.quick-read"),
        ("performance/md-cache", "performance.stat-prefetch"),
        ("read-ahead.page-size", "performance/read-ahead.page-size"),
    ])
    func aKeyIsFoundInEverySpelling(name: String, key: String) throws {
        #expect(try table.key(for: name) == key)
    }

    @Test func aShortNameOfSeveralKeysIsRefusedWithThem() {
        let error = #expect(throws: OptionError.self) { try table.key(for: "eager-lock") }
        #expect(error?.description.contains("cluster.eager-lock") == true)
    }

    @Test func anOptionOfTheUsersIsOneLine() throws {
        let result = try table.validate("user.note", "any text: `x` \"y\" #z")
        #expect(result.key == "user.note")
        #expect(result.value == "any text: `x` \"y\" #z")
        for value in ["a\nb", "a\rb", "a\u{0}"] {
            #expect(throws: OptionError.self) { try table.validate("user.note", value) }
        }
        for key in ["user.", "user", "user.a b", "user.a\nb", "user.a=b"] {
            #expect(throws: OptionError.self, "\(key)") { try table.validate(key, "x") }
        }
        #expect(throws: OptionError.notGlobal(key: "user.note")) {
            try table.validate("user.note", "x", isGlobal: true)
        }
    }

    @Test func anOptionOfTheClusterIsSetThereAlone() throws {
        let global = try #require(table.entries.first { $0.isGlobal })
        #expect(throws: OptionError.global(key: global.key)) {
            try table.validate(global.key, "on")
        }
        #expect(throws: OptionError.notGlobal(key: "nfs.disable")) {
            try table.validate("nfs.disable", "on", isGlobal: true)
        }
    }

    @Test(arguments: [
        ("features.quota", "quota"), ("features.inode-quota", "quota"),
        ("features.bitrot", "bitrot detection"), ("features.scrub", "bitrot detection"),
    ])
    func quotaAndBitrotDetectionAreNotMade(key: String, feature: String) {
        for value in ["on", "off"] {
            #expect(throws: OptionError.notMade(key: key, feature: feature)) {
                try table.validate(key, value)
            }
        }
    }

    @Test(arguments: [
        ("cluster.nufa", "yes", "on"), ("cluster.switch", "no", "off"),
        ("network.compression", "disable", "off"), ("debug.trace", "client", "client"),
        ("debug.error-gen", "locks", "locks"), ("debug.delay-gen", "off", "off"),
    ])
    func aFeatureThatGraphsHaveCanBeTurnedOn(key: String, value: String, stored: String) throws {
        #expect(try table.validate(key, value).value == stored)
    }

    @Test(arguments: [
        ("cluster.switch", "on"), ("network.compression", "on"), ("features.uss", "enable"),
        ("features.cloudsync", "on"), ("config.gfproxyd", "on"), ("features.quota", "on"),
        ("debug.trace", "on"),
    ])
    func whatIsNotMadeOrWouldDoHarmIsRefused(key: String, value: String) {
        #expect(throws: OptionError.self) { try table.validate(key, value) }
    }

    @Test(arguments: OptionGroup.builtIn)
    func everyOptionOfABuiltInGroupIsAccepted(group: OptionGroup) throws {
        #expect(group.options.count > 4)
        for (key, value) in group.options {
            #expect(try table.validate(key, value).key == key)
        }
        #expect(OptionGroup.builtIn(named: "profile." + group.name) == group)
    }

    @Test(arguments: [
        ("mine", true), ("a.b-c_1", true), ("", false), ("a b", false),
        (".x", false), ("a/b", false), ("all", false),
    ])
    func anOwnGroupHasTheNameOfAFile(name: String, isName: Bool) {
        #expect(OptionGroup.isName(name) == isName)
    }

    @Test func everyRowOfTheMapIsRead() {
        #expect(table.entries.count > 380)
        #expect(table.entries.allSatisfy { $0.key.contains(".") && !$0.xlator.isEmpty })
        #expect(table.mapDefault("cluster.lock-migration") == "off")
        #expect(table.defaultValue("cluster.min-free-disk") == "10%")
        #expect(table.defaultValue("no.such") == nil)
    }
}
