import FoundationEssentials
import GlusterModel
import Testing

/// What real glusterd 10.3 said to `volume set` of each option of its map, on volumes of several
/// layouts, and what became of their volfiles (made by Tests/options/capture).
struct OptionAnswers: Sendable, Decodable {
    struct Outcome: Sendable, Decodable {
        /// Why it was refused; nil when it was accepted.
        var no: String?
        /// What changed: numbers of a group of files and of a change.
        var files: [[Int]]?
    }

    /// Lines of a volfile, from `at` on, that are replaced.
    struct Hunk: Sendable, Decodable {
        var at: Int
        var removed: Int
        var lines: [String]

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            at = try values.decode(Int.self)
            removed = try values.decode(Int.self)
            lines = try values.decode([String].self)
        }
    }

    struct Answer: Sendable, Decodable {
        var value: String
        var outcome: Int

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            value = try values.decode(String.self)
            outcome = try values.decode(Int.self)
        }
    }

    /// An option with all its values, or one set of several options, by volume.
    struct Asked: Sendable, Decodable, CustomTestStringConvertible {
        var key: String
        var answers: [String: [Answer]]
        var testDescription: String { key }

        /// What was set to get `answer`.
        func changes(_ answer: Answer) -> [String: String] {
            let words = key.split(separator: " ").map(String.init)
            guard words.count > 1 else { return [key: answer.value] }
            var changes: [String: String] = [:]
            for index in stride(from: 0, to: words.count - 1, by: 2) {
                changes[words[index]] = words[index + 1]
            }
            return changes
        }

        /// The text that stands for the placeholder in changed lines.
        func value(_ answer: Answer) -> String {
            key.split(separator: " ").dropFirst().last.map(String.init) ?? answer.value
        }
    }

    var outcomes: [Outcome]
    var changes: [[Hunk]]
    var files: [[String]]
    var sets: [Asked]

    static let folder =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Options"

    static func read() throws -> OptionAnswers {
        let data = try #require(FileManager.default.contents(atPath: folder + "/answers.json"))
        return try JSONDecoder().decode(OptionAnswers.self, from: data)
    }

    /// The lines of `file` after a change, of which `base` are those before it.
    func lines(_ base: [String], _ change: Int, value: String) -> [String] {
        var lines = base
        for hunk in changes[change].reversed() {
            let new = hunk.lines.map { $0.hasSuffix("\u{1}") ? $0.dropLast() + value : $0 }
            lines.replaceSubrange(hunk.at..<hunk.at + hunk.removed, with: new)
        }
        return lines
    }
}
