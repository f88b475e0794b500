import GlusterModel
import Testing

@Suite struct BrickPathTests {
    @Test(arguments: [
        ("/bricks/b1", "/bricks/b1", "bricks-b1"), ("//bricks///b1/", "/bricks/b1", "bricks-b1"),
        ("/a", "/a", "a"),
    ])
    func aPathIsMadeCanonical(text: String, canonical: String, dashed: String) throws {
        let path = try BrickPath(validating: text)
        #expect(path.description == canonical)
        #expect(path.dashed == dashed)
    }

    @Test func whatCannotBeABrickIsRefused() {
        #expect(throws: BrickPathError.notAbsolute("b1")) { try BrickPath(validating: "b1") }
        #expect(throws: BrickPathError.isRoot) { try BrickPath(validating: "//") }
        #expect(throws: BrickPathError.dotComponent("/a/../b")) {
            try BrickPath(validating: "/a/../b")
        }
        #expect(throws: BrickPathError.badCharacter("/a b")) { try BrickPath(validating: "/a b") }
        #expect(throws: BrickPathError.self) {
            try BrickPath(validating: "/" + String(repeating: "x", count: 256))
        }
    }

    /// A slash and an accent are one character, and no slash for what looks by characters.
    @Test(arguments: ["/a/../\u{301}b", "/\u{301}b", "/a/b\u{301}/\u{200d}c"])
    func aSlashThatIsJoinedToWhatFollowsIsRefused(text: String) {
        #expect(throws: BrickPathError.joinedSlash(text)) { try BrickPath(validating: text) }
    }

    @Test func accentsOnLettersAreFine() throws {
        let path = try BrickPath(validating: "/bricks/e\u{301}")
        #expect(path.description.utf8.elementsEqual("/bricks/e\u{301}".utf8))
        #expect(path.dashed.utf8.elementsEqual("bricks-e\u{301}".utf8))
    }

    @Test func aPathContainsItselfAndWhatIsBelowIt() throws {
        let parent = try BrickPath(validating: "/b/one")
        #expect(parent.contains(try BrickPath(validating: "/b/one/two")))
        #expect(parent.contains(parent))
        #expect(!parent.contains(try BrickPath(validating: "/b/one2")))
    }
}
