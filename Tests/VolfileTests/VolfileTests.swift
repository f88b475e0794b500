import Seeded
import Testing

@testable import Volfile

@Suite struct VolfileTests {
    @Test func aGraphIsWrittenAsGlusterFSWritesIt() {
        var posix = Xlator("gv0-posix", "storage/posix")
        posix["directory"] = "/b"
        posix["volume-id"] = "x"
        posix["directory"] = "/c"
        let server = Xlator("gv0-server", "protocol/server", subvolumes: ["gv0-posix", "other"])
        let volfile = Volfile(xlators: [posix, server])
        #expect(
            volfile.text == """
                volume gv0-posix
                    type storage/posix
                    option volume-id x
                    option directory /c
                end-volume

                volume gv0-server
                    type protocol/server
                    subvolumes gv0-posix other
                end-volume


                """)
        #expect(volfile.top == server)
    }

    @Test func whatIsWrittenIsReadBackEqual() throws {
        var generator = SplitMix(seed: 3)
        for _ in 0..<200 {
            let volfile = Self.random(&generator) { generator in
                let letters = Array("abcz019-_./:*,%é")
                let count = Int.random(in: 1...12, using: &generator)
                return String(
                    (0..<count).compactMap { _ in letters.randomElement(using: &generator) })
            }
            #expect(try Volfile(parsing: volfile.text) == volfile)
        }
    }

    /// GlusterFS's lexer (graph.l) is asked, not our own parser.
    @Test func aValueNeverBreaksOut() throws {
        var generator = SplitMix(seed: 5)
        let pieces = [
            "a", "b", " ", "\n", "\r", "\r\n", "\t", "\"", "'", "`", "\\", "#", "\u{0}", "\u{b}",
            "\u{7f}", "\u{85}", "\u{2028}", "end-volume", "volume", "option", "type x",
        ]
        for _ in 0..<1_000 {
            let volfile = Self.random(&generator) { generator in
                let count = Int.random(in: 0...5, using: &generator)
                return (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }
                    .joined()
            }
            let values = volfile.xlators.flatMap(\.options).map(\.value)
            let read = Self.lex(volfile.text)
            #expect(read != nil, "\(values.debugDescription)")
            #expect(!volfile.text.contains("`"))
            #expect(read?.map(\.name) == volfile.xlators.map(\.name), "\(values.debugDescription)")
            #expect(read?.map(\.type) == volfile.xlators.map(\.type))
            for (xlator, back) in zip(volfile.xlators, read ?? []) {
                #expect(Set(back.options.map(\.key)).isSubset(of: xlator.options.map(\.key)))
            }
        }
    }

    @Test(arguments: [
        ("volume a\nend\n", 2, "\"end\""), ("volume a\n\nvolume b\n", 3, "volume b"),
        ("type x\n", 1, "type x"), ("end-volume\n", 1, "end without volume"),
        ("# c\nvolume a\n  type x\n  option k\nend-volume", 4, "option k"),
        ("volume a\n  type x y\nend-volume", 2, "type x y"), ("volume a\n  type x", 2, "no end"),
        ("volume a\nend-volume", 2, "no type"), ("volume\n", 1, "volume"),
        ("volume a\nsubvolumes\n", 2, "subvolumes"),
    ])
    func aBadLineIsNamedByItsNumber(text: String, line: Int, hint: String) {
        let error = #expect(throws: VolfileError.self) { try Volfile(parsing: text) }
        guard case .line(line, _) = error else {
            Issue.record("\(error.map { "\($0)" } ?? "none") for \(text)")
            return
        }
        #expect(error?.description.contains(hint) == true)
        #expect(error?.description.hasPrefix("line \(line): ") == true)
    }

    @Test func textsAtRandomNeverTrap() {
        var generator = SplitMix(seed: 9)
        let words = ["volume", "type", "option", "subvolumes", "end-volume", "x", "#", "\n", "\n"]
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...12, using: &generator)
            let text = (0..<count).compactMap { _ in words.randomElement(using: &generator) }
                .joined(separator: " ")
            guard let volfile = try? Volfile(parsing: text) else { continue }
            #expect((try? Volfile(parsing: volfile.text)) == volfile, "\(text.debugDescription)")
        }
    }

    private static func random(
        _ generator: inout SplitMix, value: (inout SplitMix) -> String
    ) -> Volfile {
        let count = Int.random(in: 1...4, using: &generator)
        var xlators: [Xlator] = []
        for number in 0..<count {
            var xlator = Xlator("v-\(number)", "c/t\(number)", subvolumes: xlators.map(\.name))
            for option in 0..<Int.random(in: 0...4, using: &generator) {
                xlator["key-\(option)"] = value(&generator)
            }
            xlators.append(xlator)
        }
        return Volfile(xlators: xlators)
    }

    /// GlusterFS's graph.l and graph.y in short: words end at blank, tab, CR and LF; `#` at the
    /// beginning of a word is a comment to the end of the line; five words are keywords.
    private static func lex(_ text: String) -> [Xlator]? {
        guard !text.utf8.contains(where: { "\"\\`".utf8.contains($0) }) else { return nil }
        var words: [String] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            for word in line.split(whereSeparator: { [0x20, 0x09, 0x0d].contains($0) }) {
                if word.first == UInt8(ascii: "#") { break }
                words.append(String(decoding: word, as: UTF8.self))
            }
        }
        let keywords = ["volume", "type", "option", "subvolumes", "end-volume"]
        var rest = words[...]
        func word() -> String? {
            guard let word = rest.popFirst(), !keywords.contains(word) else { return nil }
            return word
        }
        var xlators: [Xlator] = []
        while !rest.isEmpty {
            guard rest.popFirst() == "volume", let name = word(), rest.popFirst() == "type",
                let type = word()
            else { return nil }
            var xlator = Xlator(name, type)
            while rest.first == "option" {
                rest.removeFirst()
                guard let key = word(), let value = word() else { return nil }
                xlator[key] = value
            }
            if rest.first == "subvolumes" {
                rest.removeFirst()
                while let next = rest.first, !keywords.contains(next) {
                    xlator.subvolumes.append(next)
                    rest.removeFirst()
                }
            }
            guard rest.popFirst() == "end-volume" else { return nil }
            xlators.append(xlator)
        }
        return xlators
    }
}
