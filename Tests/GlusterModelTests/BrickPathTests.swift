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

    @Test func aPathContainsItselfAndWhatIsBelowIt() throws {
        let parent = try BrickPath(validating: "/b/one")
        #expect(parent.contains(try BrickPath(validating: "/b/one/two")))
        #expect(parent.contains(parent))
        #expect(!parent.contains(try BrickPath(validating: "/b/one2")))
    }
}
