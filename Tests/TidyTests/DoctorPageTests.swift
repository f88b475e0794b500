import Testing

/// The page that explains what `glustercli doctor` finds.
@Suite struct DoctorPageTests {
    @Test func thePageExplainsEveryCodeAndNoOther() throws {
        let page = try SourceTree.text("docs/operators/doctor.md")
        let source = try SourceTree.text("Sources/Health/HealthCode.swift")
        let explained = page.matches(of: /(?m)^### ([A-Z_]+)$/).map { String($0.1) }
        let known = source.matches(of: /case \w+ = "([A-Z_]+)"/).map { String($0.1) }
        #expect(known.count >= 10)
        #expect(explained == known, "the page has another order, too many codes, or too few")
    }
}
