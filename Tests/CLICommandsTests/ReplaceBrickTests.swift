import ArgumentParser
import GD2Error
import Testing

@testable import CLICommands

@Suite struct ReplaceBrickTests {
    @Test(
        arguments: [
            ([], false), (["force"], true), (["commit", "force"], true),
        ] as [([String], Bool)])
    func theWordsOfGD1AreTaken(words: [String], force: Bool) throws {
        #expect(try ReplaceBrick.force(words) == force)
    }

    @Test(arguments: [["commit"], ["start"], ["force", "commit"], ["commit", "force", "now"]])
    func otherWordsAreRefusedWithWhatIsTaken(words: [String]) {
        let error = #expect(throws: GD2Error.self) { try ReplaceBrick.force(words) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("only commit force, or force") == true)
    }

    @Test func theQuestionSaysWhatAFenceMeans() throws {
        let (old, new) = (
            try BrickSpec(validating: "h3:/b/old"), try BrickSpec(validating: "h4:/b/new")
        )
        #expect(
            ReplaceBrick.question("gv0", old, new, [])
                == "h3:/b/old is taken out of volume gv0, and h4:/b/new is healed from the bricks "
                + "that stay. Continue?")
        let fenced = ReplaceBrick.question("gv0", old, new, ["h3"])
        #expect(fenced.contains("no client gets anything from h3"))
        #expect(fenced.contains("until it has seen this"))
        let two = ReplaceBrick.question("gv0", old, new, ["h3", "h5"])
        #expect(two.contains("from h3, h5") && two.contains("until they have seen this"))
    }

    @Test func fencesCanBeGivenSeveralTimes() throws {
        let command = try ReplaceBrick.parse([
            "gv0", "h3:/a", "h4:/a", "commit", "force", "--fence", "h3", "--fence", "h5", "--yes",
        ])
        #expect(command.fence == ["h3", "h5"] && command.words == ["commit", "force"])
        #expect(throws: (any Error).self) { try ReplaceBrick.parse(["gv0", "h3:/a"]) }
    }
}
