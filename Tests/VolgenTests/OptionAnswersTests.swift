import GlusterModel
import Testing
import Volfile
import Volgen
import VolumeOptions

/// Each option of GlusterFS 10.3's map is accepted and refused as real glusterd does it, and
/// changes the same lines of the same volfiles. One after the other and with pauses: it is much to
/// compute, and others wait for answers meanwhile.
@Suite(.serialized) struct OptionAnswersTests {
    private static let answers = Result { try OptionAnswers.read() }
    private static let bases = Result {
        try Dictionary(
            uniqueKeysWithValues: ["rep", "disp", "dist", "full", "stopped"].map {
                ($0, try VolumeBase($0))
            })
    }
    private let table = OptionTable.standard
    private let answers: OptionAnswers
    private let bases: [String: VolumeBase]

    init() throws {
        answers = try Self.answers.get()
        bases = try Self.bases.get()
    }

    @Test(arguments: try answers.get().sets)
    func everyAnswerIsGlusterds(asked: OptionAnswers.Asked) async throws {
        // glusterd may treat values alike that we do not, so each is compared; where it changes
        // nothing, two of them.
        var compared: [Int: Set<[String: String]>] = [:]
        for (name, answers) in asked.answers.sorted(by: { $0.key < $1.key }) {
            for answer in answers {
                await Task.yield()
                let outcome = self.answers.outcomes[answer.outcome]
                let changes = asked.changes(answer)
                if let problem = disagreement(changes, outcome, on: name).problem {
                    Issue.record("\(name) \(changes): \(problem)")
                }
                let changesNothing = outcome.files?.isEmpty ?? true
                guard outcome.no == nil, let base = bases[name],
                    case .success(let values) = validated(changes, of: name),
                    !changesNothing || compared[answer.outcome, default: []].count < 2,
                    compared[answer.outcome, default: []].insert(values).inserted
                else { continue }
                let value = values.count == 1 ? values.first?.value : nil
                let problems = try base.differences(
                    with: values, self.answers, outcome, value: value ?? asked.value(answer))
                for problem in problems { Issue.record("\(name) \(changes): \(problem)") }
            }
        }
    }

    @Test func allOfTheMapWasAsked() throws {
        let asked = Set(answers.sets.map(\.key))
        for entry in table.entries where !entry.key.contains("/") {
            #expect(asked.contains(entry.key), "\(entry.key)")
        }
        let count = answers.sets.flatMap(\.answers.values).map(\.count).reduce(0, +)
        #expect(count > 10_000)
    }

    @Test func theListOfDifferencesIsNotLongerThanNeeded() {
        var seen: Set<OptionDifference> = []
        for asked in answers.sets {
            for (name, answers) in asked.answers {
                for answer in answers {
                    let outcome = self.answers.outcomes[answer.outcome]
                    let difference = disagreement(asked.changes(answer), outcome, on: name)
                    if let accepted = difference.accepted { seen.insert(accepted) }
                }
            }
        }
        #expect(Set(OptionDifference.allCases).subtracting(seen) == [])
    }

    /// A brick is told of a volfile only if its xlators stay as they are.
    @Test func whatChangesABricksXlatorsNeedsARestart() throws {
        for asked in answers.sets where !asked.key.contains(" ") {
            for (name, given) in asked.answers {
                guard let base = bases[name] else { continue }
                let restarts = given.contains { answer in
                    (answers.outcomes[answer.outcome].files ?? []).contains { pair in
                        answers.files[pair[0]].contains { file in
                            base.isBrick(file)
                                && base.changesXlators(file, answers, pair[1])
                        }
                    }
                }
                if restarts { #expect(table.needsBrickRestart(asked.key), "\(asked.key)") }
            }
        }
    }

    private func disagreement(
        _ changes: [String: String], _ outcome: OptionAnswers.Outcome, on name: String
    ) -> (problem: String?, accepted: OptionDifference?) {
        switch (outcome.no, validated(changes, of: name)) {
        case (nil, .success), (_?, .failure): return (nil, nil)
        case (let no?, .success):
            let accepted = OptionDifference(accepted: changes)
            return (accepted == nil ? "accepted, but glusterd says: \(no)" : nil, accepted)
        case (nil, .failure(let error)):
            let accepted = OptionDifference(
                refused: error, changes, changesNothing: outcome.files?.isEmpty ?? true)
            return (accepted == nil ? "refused, but glusterd accepts it: \(error)" : nil, accepted)
        }
    }

    private func validated(
        _ changes: [String: String], of name: String
    ) -> Result<[String: String], OptionError> {
        do throws(OptionError) {
            if let base = bases[name] {
                return .success(try table.validate(changes, of: base.golden.volume))
            }
            var values: [String: String] = [:]
            for (key, value) in changes {
                let (key, value) = try table.validate(key, value, isGlobal: true)
                values[key] = value
            }
            return .success(values)
        } catch {
            return .failure(error)
        }
    }
}
