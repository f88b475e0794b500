/// One thing that is not as it should be.
public struct Finding: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Something does not work now.
        case error
        /// Something will not work when one more thing happens.
        case warning
    }

    /// What is concerned.
    public enum Object: Hashable, Sendable {
        case cluster
        case node(String)
        case volume(String)
        /// `HOST:/PATH`.
        case brick(String)
        case job(String)
    }

    public var code: HealthCode
    public var severity: Severity
    public var object: Object
    /// A clause that can follow the object's name and a colon.
    public var why: String
    /// What to do about it.
    public var next: String
    /// What to type for it, or to see more of it.
    public var command: String
}

/// What was examined, and what was found: a pure function of the facts.
public struct Diagnosis: Hashable, Sendable {
    /// Errors first; then in the order of the codes and of what is concerned.
    public private(set) var findings: [Finding] = []
    /// How often something was decided: once for each code and each thing that it can concern.
    public private(set) var checks = 0

    public init(of facts: HealthFacts) {
        examineStore(facts)
        examineNodes(facts)
        examineVolumes(facts)
        let order = Dictionary(
            uniqueKeysWithValues: HealthCode.allCases.enumerated().map { ($1, $0) })
        findings.sort { one, other in
            let left = (one.severity == .error ? 0 : 1, order[one.code] ?? 0, "\(one.object)")
            let right = (
                other.severity == .error ? 0 : 1, order[other.code] ?? 0, "\(other.object)"
            )
            return left < right
        }
    }

    /// Counts a check; `finding` is what it found, nil where all is well.
    mutating func check(_ finding: Finding?) {
        checks += 1
        if let finding { findings.append(finding) }
    }
}
