import DurableFile
import FoundationEssentials
import GD2Error
import GlusterModel
import Testing

@testable import BrickService

@Suite struct FencesTests {
    private static func withFile(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/gd2-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static func token(_ number: Int64) -> FencingToken {
        FencingToken(epoch: Epoch(1), token: number)
    }

    @Test func anOldTokenIsRefusedAlsoAfterARestart() throws {
        try Self.withFile { path in
            var fences = Fences(path: path)
            var answers: [Bool] = []
            for number in [5, 5, 4] as [Int64] {
                answers.append(try fences.admits(Self.token(number), for: "a"))
            }
            fences = Fences(path: path)
            answers.append(try fences.admits(Self.token(4), for: "a"))
            answers.append(try fences.admits(Self.token(4), for: "b"))
            #expect(answers == [true, true, false, false, true])
        }
    }

    @Test func withADamagedFileNoStepRunsAndTheErrorNamesIt() throws {
        try Self.withFile { path in
            try DurableFile.replace(path, with: Array("{\"volume/gv0\": ".utf8))
            var fences = Fences(path: path)
            let error = try #require(throws: GD2Error.self) {
                try fences.admits(Self.token(9), for: "volume/gv0")
            }
            #expect(error.code == .unavailable)
            #expect(error.message.contains(path))
        }
    }
}
