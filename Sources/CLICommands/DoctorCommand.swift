import ArgumentParser
import RESTAPI

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what is wrong with the cluster, why, and what to do about it.",
        discussion: """
            Example:
              glustercli doctor
              glustercli doctor -o json
            Exit status: 0 with no findings, 1 with warnings or errors, else as of every command. \
            docs/operators/doctor.md explains each code.
            """)
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await running {
            let found = try await common.client.get("/v1/doctor", as: DoctorInfo.self)
            try render(found, as: common.output, names: found.findings.map(\.code)) {
                DoctorText.text(found)
            }
            guard found.findings.isEmpty else { throw ExitCode(ExitStatus.failed.rawValue) }
        }
    }
}

/// What `doctor` prints.
enum DoctorText {
    static func text(_ found: DoctorInfo) -> String {
        let checks = "\(found.checks) checks as \(found.node) sees the cluster"
        guard !found.findings.isEmpty else { return "no findings: \(checks)\n" }
        let errors = found.findings.count { $0.severity == "error" }
        let warnings = found.findings.count - errors
        return found.findings.map(text).joined()
            + "\(count(errors, "error")) and \(count(warnings, "warning")): \(checks)\n"
    }

    private static func text(_ finding: FindingInfo) -> String {
        let object = [finding.kind, finding.name].compactMap(\.self).joined(separator: " ")
        return """
            \(finding.severity) \(finding.code) \(object): \(finding.why)
                \(finding.next): \(finding.command)

            """
    }

    private static func count(_ number: Int, _ what: String) -> String {
        "\(number) \(what)\(number == 1 ? "" : "s")"
    }
}
