/// `GET /v1/doctor`: what is not as it should be, as one node could learn it within a second.
/// Not in GD2.
public struct DoctorInfo: Hashable, Sendable, Codable {
    /// The node that was asked, by its name.
    public var node: String
    /// How often something was decided.
    public var checks: Int
    /// Errors first.
    public var findings: [FindingInfo]

    public init(node: String, checks: Int, findings: [FindingInfo]) {
        self.node = node
        self.checks = checks
        self.findings = findings
    }
}

public struct FindingInfo: Hashable, Sendable, Codable {
    /// As docs/operators/doctor.md lists them.
    public var code: String
    /// `error`: something does not work now; `warning`: it will not when one more thing happens.
    public var severity: String
    /// `cluster`, `node`, `volume`, `brick` or `job`.
    public var kind: String
    /// Of what is concerned; nil for the cluster.
    public var name: String?
    public var why: String
    /// What to do, in words, and what to type for it.
    public var next: String
    public var command: String

    public init(
        code: String, severity: String, kind: String, name: String?, why: String, next: String,
        command: String
    ) {
        self.code = code
        self.severity = severity
        self.kind = kind
        self.name = name
        self.why = why
        self.next = next
        self.command = command
    }
}
