import Testing

/// What the pages for operators have to have (docs/operators).
@Suite struct PagesTests {
    private let pages: String
    private let sources: [SourceTree.File]

    init() throws {
        let names = [
            "README", "gd2-store", "gd2-etcd", "gd2-rest", "gd2-pmap", "gd2-brickd", "glustercli",
        ]
        pages = try names.map { try SourceTree.text("docs/operators/\($0).md") }.joined()
        sources = try SourceTree.files(below: "Sources")
    }

    @Test func everyMessageOfTheLogIsInAnOperatorsPage() {
        var count = 0
        for file in sources {
            for message in Self.messages(in: file.lines.joined(separator: "\n")) {
                count += 1
                #expect(
                    pages.contains("`\(message)`"),
                    "\(file) logs \"\(message)\", which no page in docs/operators explains")
            }
        }
        #expect(count > 50)
    }

    @Test func everyMetricIsInAnOperatorsPage() {
        for file in sources {
            let text = file.lines.joined(separator: "\n")
            for match in text.matches(of: /label: "(gd2_[a-z_]+)"/) {
                #expect(pages.contains("`\(match.1)"), "\(file): \(match.1) is on no page")
            }
        }
    }

    /// Texts of `log.info("…")` and the like, from info on, also of those with two texts.
    private static func messages(in text: String) -> [Substring] {
        let call = /\w\.(?:info|notice|warning|error|critical)\(\s*([^\n]*)/
        let general = /\.log\(\s*level: [^\n]*?,\s+("[^\n]*)/
        let rests = text.matches(of: call).map(\.1) + text.matches(of: general).map(\.1)
        return rests.flatMap { rest -> [Substring] in
            let end = rest.firstRange(of: ", metadata")?.lowerBound ?? rest.endIndex
            return rest[..<end].matches(of: /"([a-zA-Z][^"\\]*)"/).map(\.1)
        }
    }
}
