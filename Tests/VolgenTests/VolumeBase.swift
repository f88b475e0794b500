import GlusterModel
import Volfile
import Volgen

/// A volume that glusterd was asked about, with the volfiles that it had before.
struct VolumeBase: Sendable {
    let golden: GoldenCase
    private let lines: [String: [String]]
    private let roles: [String: VolfileRole]
    private static let daemons = [
        "bitd-server.vol": NodeDaemon.bitd, "scrub-server.vol": .scrub, "quotad.vol": .quotad,
    ]

    init(_ name: String) throws {
        let golden = try GoldenCase(name, in: OptionAnswers.folder)
        self.golden = golden
        roles = golden.roles
        var lines: [String: [String]] = [:]
        // A crawl's volfile is written when the crawl starts, not when an option is set.
        for file in try golden.files() where !file.contains(".client.") {
            lines[file] = Self.lines(golden.text(file) ?? "")
        }
        self.lines = lines
    }

    func isBrick(_ file: String) -> Bool {
        if case .brick = roles[file] { true } else { false }
    }

    func changesXlators(_ file: String, _ answers: OptionAnswers, _ change: Int) -> Bool {
        let old = lines[file] ?? []
        let new = answers.lines(old, change, value: "")
        return old.filter { $0.hasPrefix("volume ") } != new.filter { $0.hasPrefix("volume ") }
    }

    /// What of the volume's volfiles is not as glusterd has it once `values` are set.
    func differences(
        with values: [String: String], _ answers: OptionAnswers, _ outcome: OptionAnswers.Outcome,
        value: String
    ) throws -> [String] {
        var volume = golden.volume
        volume.options.merge(values) { $1 }
        var changes: [String: Int] = [:]
        for pair in outcome.files ?? [] {
            for file in answers.files[pair[0]] { changes[file] = pair[1] }
        }
        var problems: [String] = []
        for file in Set(lines.keys).union(changes.keys).sorted() {
            var theirs = lines[file] ?? []
            if let change = changes[file] { theirs = answers.lines(theirs, change, value: value) }
            theirs = Self.withoutTwins(theirs)
            let ours = try volfile(file, volume).map { Self.lines($0.text) } ?? []
            let isSame = ours.count == theirs.count && zip(ours, theirs).allSatisfy(Self.isSame)
            guard !isSame, !isAccepted(file, ours, theirs) else { continue }
            let extra = Set(ours).subtracting(theirs).sorted()
            let missing = Set(theirs).subtracting(ours).sorted()
            problems.append("\(file): extra \(extra), missing \(missing)")
        }
        return problems
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }

    /// Without the debug xlators that glusterd puts in once for each option that names the place:
    /// processes refuse a volfile in which two xlators have the same name.
    private static func withoutTwins(_ lines: [String]) -> [String] {
        var seen: Set<String> = []
        var isTwin = false
        return lines.filter { line in
            if line.hasPrefix("volume ") { isTwin = !seen.insert(line).inserted }
            return !isTwin
        }
    }

    /// Switches are stored as on and off, however they were given.
    private static func isSame(_ our: String, _ their: String) -> Bool {
        if our == their { return true }
        let (ours, theirs) = (our.split(separator: " "), their.split(separator: " "))
        guard ours.count == 3, theirs.count == 3, ours[..<2] == theirs[..<2] else { return false }
        return [["on", "yes", "true", "enable", "1"], ["off", "no", "false", "disable", "0"]]
            .contains { $0.contains(ours[2].lowercased()) && $0.contains(theirs[2].lowercased()) }
    }

    /// glusterd lets mounts send groups though `client.send-gids` is off.
    private func isAccepted(_ file: String, _ ours: [String], _ theirs: [String]) -> Bool {
        switch roles[file] {
        case .client, .gfproxyClient: break
        default: return false
        }
        return ours.count == theirs.count
            && zip(ours, theirs).allSatisfy { our, their in
                Self.isSame(our, their)
                    || (our == "    option send-gids off" && their == "    option send-gids true")
            }
    }

    private func volfile(_ file: String, _ volume: Volume) throws -> Volfile? {
        let context = golden.context
        if let role = roles[file] {
            return try Volgen().volfile(
                of: volume, for: role, audience: golden.audience(of: file), context: context)
        }
        guard let daemon = Self.daemons[file], let node = golden.node else { return nil }
        return try Volgen().volfile(of: [(volume, context)], for: daemon, on: node)
    }
}
