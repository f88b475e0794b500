import ArgumentParser
import FoundationEssentials
import GD2Error
import RESTAPI

struct VolumeSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set options of a volume, or of the cluster (all).",
        discussion: """
            Example:
              glustercli volume set gv0 performance.cache-size 64MB
              glustercli volume set gv0 network.ping-timeout 20 cluster.lookup-optimize off
              glustercli volume set gv0 group virt
              glustercli volume set all cluster.server-quorum-ratio 51
              glustercli volume set gv0 performance.cache-size 64MB --dry-run
              glustercli volume set help
            All pairs are set, or none. Sizes take KB, MB, GB, TB or PB, times s, m, h, d or w; \
            without one they are bytes and seconds. A note on standard error names options that \
            take effect when the bricks are restarted. "set help" lists the options with what \
            they do, as GD1 does; glustercli volume get NAME all --describe tells more, with \
            what the volume has.
            """)
    @OptionGroup var common: CommonOptions
    @OptionGroup var change: ChangeOptions
    @Argument(help: "The volume's name, all, or help.") var name: String
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("KEY VALUE, as often as wanted, or group NAME.", valueName: "key value"))
    var words: [String] = []

    func run() async throws {
        try await running {
            // "volume set gv0 -- KEY -1" is what other tools need for a negative value.
            let words = words.first == "--" ? words.dropFirst() : words[...]
            // No volume can be meant: one that is called so has KEY VALUE after it.
            if name == "help", words.isEmpty { return try await help() }
            guard !words.isEmpty, words.count.isMultiple(of: 2) else {
                throw GD2Error(
                    .invalid,
                    "options come in pairs of KEY VALUE, as in glustercli volume set \(name) "
                        + "performance.cache-size 64MB")
            }
            let request = VolOptionReq(options: try Self.options(words))
            let path = try VolumeGet.base(name)
            if change.dryRun { return try await common.plan("POST", path, request) }
            let answer = try await common.change("POST", path, request)
            defer { Self.note(answer, name) }
            if common.output == .json {
                try write(String(decoding: answer.body, as: UTF8.self) + "\n")
            } else if common.output == .table {
                try write("set\n")
            }
        }
    }

    private func help() async throws {
        // As GD1: neither those that it hides nor those of its NFS server, which is gone.
        let options = try await common.client.get("/v1/options", as: [VolumeOptionInfo].self)
            .filter { $0.optionLevel == "Basic" && !$0.name.hasPrefix("nfs.") }
        try render(options, as: common.output, names: options.map(\.name)) {
            options.map(\.helpText).joined(separator: "\n")
        }
    }
}

extension VolumeSet {
    /// Pairs of words. The request has one value a key, so that a second one would be lost.
    static func options(_ words: ArraySlice<String>) throws(GD2Error) -> [String: String] {
        var options: [String: String] = [:]
        for index in stride(from: words.startIndex, to: words.endIndex, by: 2) {
            let (key, value) = (words[index], words[index + 1])
            guard options.updateValue(value, forKey: key) == nil else {
                throw GD2Error(
                    .invalid,
                    key == "group"
                        ? "group is given twice: set one group at a time"
                        : "option \(key) is given twice")
            }
        }
        return options
    }

    /// Says on standard error which options bricks do not use yet.
    static func note(_ answer: APIClient.Answer, _ name: String) {
        guard let keys = answer.headers[brickRestartHeader.lowercased()] else { return }
        writeError(
            "note: \(keys) takes effect when the bricks are restarted: "
                + "glustercli volume stop \(name), then start")
    }
}

struct VolumeGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show options with their defaults.",
        discussion: """
            Example:
              glustercli volume get gv0 performance.cache-size --describe
              glustercli volume get gv0 modified
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "The volume's name, or all.") var name: String
    @Argument(help: "The option, all, or modified: those that are set.") var option = "all"
    @Flag(help: "What an option does and takes.") var describe = false

    func run() async throws {
        try await running {
            let base = try Self.base(name)
            var options: [VolumeOptionInfo]
            if ["all", "modified"].contains(option) {
                options = try await common.client.get(base, as: [VolumeOptionInfo].self)
                if option == "modified" { options.removeAll { !$0.modified } }
            } else {
                let path = "\(base)/\(try Self.escaped(option))"
                options = [try await common.client.get(path, as: VolumeOptionInfo.self)]
            }
            if describe, option == "all" || option == "modified" {
                options = try await explained(options)
            }
            try render(options, as: common.output, names: options.map(\.name)) {
                describe ? options.map(\.described).joined(separator: "\n") : Self.table(options)
            }
        }
    }

    /// With what each of them does and takes.
    private func explained(_ options: [VolumeOptionInfo]) async throws -> [VolumeOptionInfo] {
        let all = try await common.client.get("/v1/options", as: [VolumeOptionInfo].self)
        let known = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
        return options.map { option in
            guard var info = known[option.name] else { return option }
            (info.value, info.modified) = (option.value, option.modified)
            return info
        }
    }

    private static func table(_ options: [VolumeOptionInfo]) -> String {
        Table(
            headers: ["OPTION", "VALUE", "DEFAULT", "SET"],
            rows: options.map {
                [
                    $0.name, $0.value.isEmpty ? "-" : $0.value,
                    $0.defaultValue.isEmpty ? "-" : $0.defaultValue, $0.modified ? "yes" : "",
                ]
            }
        ).text
    }
}

extension VolumeOptionInfo {
    /// As GD1 writes it, which scripts read, with what the option takes.
    fileprivate var helpText: String {
        """
        Option: \(name)
        Default Value: \(defaultValue.isEmpty ? "(null)" : defaultValue)
        Description: \(text ?? "")
        Takes: \(accepts ?? "")

        """
    }

    /// The description in one line: xlators have line ends and tabs in odd places.
    private var text: String? {
        description.map { $0.split { $0.isWhitespace }.joined(separator: " ") }
    }

    /// All that is known of the option, for a person.
    fileprivate var described: String {
        var lines = [name]
        func add(_ title: String, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            lines.append("  " + title + String(repeating: " ", count: 10 - title.count) + text)
        }
        add("value", value + (modified ? " (set)" : ""))
        add("default", defaultValue)
        add("takes", accepts)
        add("level", optionLevel.lowercased())
        add("since", opVersion.map { "op-version \($0)" })
        if needsBrickRestart == true { add("restart", "of the bricks, for a new value") }
        add("", text)
        return lines.joined(separator: "\n") + "\n"
    }
}

extension VolumeGet {
    /// Options of a volume, or of the cluster.
    static func base(_ name: String) throws(GD2Error) -> String {
        name == "all" ? "/v1/cluster/options" : try VolumeCommand.path(name) + "/options"
    }

    /// GD2's names have slashes (`cluster/replicate.eager-lock`), which stay; one of `user.` may
    /// have letters that no URL has.
    private static func escaped(_ option: String) throws(GD2Error) -> String {
        guard option.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw GD2Error(.invalid, "\"\(option)\" is no name of an option")
        }
        return option.utf8.map { byte in
            byte < 0x7f && !"?#%".utf8.contains(byte)
                ? String(decoding: [byte], as: UTF8.self)
                : "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}

struct VolumeReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Take set options back.",
        discussion: """
            Example:
              glustercli volume reset gv0 performance.cache-size
              glustercli volume reset gv0
            Without an option all are taken back that are not protected.
            """)
    @OptionGroup var common: CommonOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var forced: ForceOption
    @Argument(help: "The volume's name, or all for the cluster's options.") var name: String
    @Argument(
        help: ArgumentHelp(
            "Options, or all; then maybe force, for protected ones too.", valueName: "options"))
    var words: [String] = []

    func run() async throws {
        try await running {
            let isLast = words.last == "force"
            let force = isLast || forced.force
            let names = (isLast ? words.dropLast() : words[...]).filter { $0 != "all" }
            let request = VolOptionResetReq(
                options: Array(names), force: force, all: names.isEmpty)
            let path = try VolumeGet.base(name)
            if change.dryRun { return try await common.plan("DELETE", path, request) }
            let answer = try await common.change("DELETE", path, request)
            defer { VolumeSet.note(answer, name) }
            if name == "all" {
                if common.output == .table { try write("the cluster's options are reset\n") }
                return
            }
            let volume = try APIClient.decode(VolumeInfo.self, answer.body)
            try VolumeCommand.said(volume, common, "has its options reset")
        }
    }
}
