import DurableFile
import FoundationEssentials
import GD2Error
import GlusterModel
import TemporaryFolder
import Testing

@testable import BrickService

@Suite struct FencesTests {
    private static func withFile(_ body: (String) throws -> Void) throws {
        try TemporaryFolder.with { try body($0 + "/fences") }
    }

    private static func token(_ number: Int64) -> FencingToken {
        FencingToken(epoch: Epoch(1), token: number)
    }

    @Test func anOldTokenIsRefusedAlsoAfterARestart() throws {
        try Self.withFile { path in
            var fences = Fences(path: path)
            var answers: [Bool] = []
            for number in [5, 5, 4] as [Int64] {
                answers.append(try fences.admits(Self.token(number), isUndo: false, for: "a"))
            }
            fences = Fences(path: path)
            answers.append(try fences.admits(Self.token(4), isUndo: false, for: "a"))
            answers.append(try fences.admits(Self.token(4), isUndo: false, for: "b"))
            #expect(answers == [true, true, false, false, true])
        }
    }

    @Test func aStepIsRefusedAfterAnUndoOfTheSameCoordinatorAlsoAfterARestart() throws {
        try Self.withFile { path in
            var fences = Fences(path: path)
            var answers = [try fences.admits(Self.token(5), isUndo: true, for: "a")]
            fences = Fences(path: path)
            answers.append(try fences.admits(Self.token(5), isUndo: false, for: "a"))
            answers.append(try fences.admits(Self.token(5), isUndo: true, for: "a"))
            answers.append(try fences.admits(Self.token(6), isUndo: false, for: "a"))
            #expect(answers == [true, false, true, true])
        }
    }

    @Test func aFileOfTheFirstVersionIsRead() throws {
        try Self.withFile { path in
            let text = #"{"a": {"epoch": 1, "token": 5}}"#
            try DurableFile.replace(path, with: Array(text.utf8))
            var fences = Fences(path: path)
            let old = try fences.admits(Self.token(4), isUndo: true, for: "a")
            #expect(!old)
        }
    }

    @Test func withADamagedFileNoStepRunsAndTheErrorNamesIt() throws {
        try Self.withFile { path in
            try DurableFile.replace(path, with: Array("{\"volume/gv0\": ".utf8))
            var fences = Fences(path: path)
            let error = try #require(throws: GD2Error.self) {
                try fences.admits(Self.token(9), isUndo: false, for: "volume/gv0")
            }
            #expect(error.code == .unavailable)
            #expect(error.message.contains(path))
        }
    }

    @Test func eachObjectIsALineAndAPartOfTheLastIsIgnored() throws {
        try Self.withFile { path in
            var fences = Fences(path: path)
            for (number, object) in ["a", "b", "c"].enumerated() {
                _ = try fences.admits(Self.token(Int64(5 + number)), isUndo: false, for: object)
            }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.split(separator: "\n").count == 3 && text.hasSuffix("\n"))
            for end in 1..<text.split(separator: "\n")[2].utf8.count {
                try DurableFile.replace(path, with: Array(text.utf8.dropLast(end + 1)))
                fences = Fences(path: path)
                let known = try ["a", "b"].map {
                    try fences.admits(Self.token(4), isUndo: false, for: $0)
                }
                #expect(known == [false, false])
                // Nothing is written behind the part.
                _ = try fences.admits(Self.token(9), isUndo: false, for: "c")
                fences = Fences(path: path)
                let refused = try fences.admits(Self.token(8), isUndo: false, for: "c")
                #expect(!refused)
            }
        }
    }

    @Test func aDamagedLineThatIsNotTheLastIsSaid() throws {
        try Self.withFile { path in
            let row = #"{"a":{"epoch":1,"token":5}}"#
            try DurableFile.replace(path, with: Array("\(row)\n{\"b\": \n\(row)\n".utf8))
            var fences = Fences(path: path)
            #expect(throws: GD2Error.self) {
                try fences.admits(Self.token(9), isUndo: false, for: "a")
            }
        }
    }

    @Test func theFileDoesNotGrowForEver() throws {
        try Self.withFile { path in
            var fences = Fences(path: path)
            for number in 1...(Limits.fenceLines * 2 + 5) {
                _ = try fences.admits(Self.token(Int64(number)), isUndo: false, for: "a")
            }
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count < 10)
            let refused = try Fences.refuses(path, Self.token(Int64(Limits.fenceLines * 2)))
            #expect(refused)
        }
    }
}

extension Fences {
    fileprivate static func refuses(_ path: String, _ token: FencingToken) throws -> Bool {
        var fences = Fences(path: path)
        return try !fences.admits(token, isUndo: false, for: "a")
    }
}
