/// A program and its build, as it says them with each call to gd2-store of its node.
public struct CallerBuild: Hashable, Sendable, CustomStringConvertible {
    public var program: String
    public var report: BuildReport

    public init(program: String, report: BuildReport) {
        self.program = program
        self.report = report
    }

    /// `PROGRAM VERSION LOWEST NEWEST`; nil when it is not of that form.
    public init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, !words[0].isEmpty, !words[1].isEmpty, let lowest = Int(words[2]),
            let newest = Int(words[3]), 1 <= lowest, lowest <= newest
        else { return nil }
        program = String(words[0])
        report = BuildReport(version: String(words[1]), lowest: lowest, newest: newest)
    }

    public var description: String {
        "\(program) \(report.version) \(report.lowest) \(report.newest)"
    }
}
