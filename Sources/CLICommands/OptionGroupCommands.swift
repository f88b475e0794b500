import ArgumentParser
import FoundationEssentials
import GD2Error
import RESTAPI

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Groups of options, set together under one name.",
        discussion: "Example: glustercli volume set gv0 group virt",
        subcommands: [List.self, Show.self, Create.self, Delete.self])

    private static let path = "/v1/volumes/options-group"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the groups.",
            discussion: "Example: glustercli volume group list")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await running {
                let groups = try await common.client.get(path, as: [OptionGroupInfo].self)
                try render(groups, as: common.output, names: groups.map(\.name)) {
                    Table(
                        headers: ["GROUP", "OPTIONS", "FOR"],
                        rows: groups.map {
                            [$0.name, String($0.options.count), $0.description ?? ""]
                        }
                    ).text
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the options of a group.",
            discussion: "Example: glustercli volume group show virt")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The group's name.") var name: String

        func run() async throws {
            try await running {
                let groups = try await common.client.get(path, as: [OptionGroupInfo].self)
                guard let group = groups.first(where: { $0.name == name }) else {
                    throw GD2Error(
                        .notFound, "no group \(name): glustercli volume group list shows them")
                }
                try render(group, as: common.output, names: group.options.map(\.name)) {
                    Table(
                        headers: ["OPTION", "VALUE"],
                        rows: group.options.map { [$0.name, $0.onValue] }
                    ).text
                }
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a group of one's own.",
            discussion: """
                Example:
                  glustercli volume group create mine performance.cache-size 64MB
                  glustercli volume group create mine --file /var/lib/glusterd/groups/mine
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Argument(help: "The group's name.") var name: String
        @Argument(help: "KEY VALUE, as often as wanted.") var words: [String] = []
        @Option(help: "A file with KEY=VALUE lines, as glusterd's groups.") var file: String?
        @Option(help: "What it is for.") var description: String?

        func run() async throws {
            try await running {
                guard words.count.isMultiple(of: 2) else {
                    throw GD2Error(.invalid, "options come in pairs of KEY VALUE")
                }
                var options = stride(from: 0, to: words.count, by: 2).map {
                    OptionGroupInfo.Option(name: words[$0], onValue: words[$0 + 1])
                }
                if let file { options += try GroupFile.options(at: file) }
                let group = OptionGroupInfo(
                    name: name, options: options, description: description)
                if change.dryRun { return try await common.plan("POST", path, group) }
                _ = try await common.change("POST", path, group)
                if common.output == .table { try write("group \(name) is made\n") }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete", abstract: "Delete an own group; volumes keep their options.",
            discussion: "Example: glustercli volume group delete mine")
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: ChangeOptions
        @Argument(help: "The group's name.") var name: String

        func run() async throws {
            try await running {
                let groups = try await common.client.get(path, as: [OptionGroupInfo].self)
                guard groups.contains(where: { $0.name == name }) else {
                    throw GD2Error(
                        .notFound, "no group \(name): glustercli volume group list shows them")
                }
                let own = "\(path)/\(name)"
                if change.dryRun { return try await common.plan("DELETE", own, nil) }
                _ = try await common.change("DELETE", own, nil)
                if common.output == .table { try write("group \(name) is deleted\n") }
            }
        }
    }
}

/// A file of glusterd's `groups` folder.
enum GroupFile {
    static func options(at path: String) throws(GD2Error) -> [OptionGroupInfo.Option] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw GD2Error(.invalid, "\(path) cannot be read")
        }
        return try options(in: String(decoding: data, as: UTF8.self), path)
    }

    static func options(
        in text: String, _ path: String
    ) throws(GD2Error) -> [OptionGroupInfo.Option] {
        var options: [OptionGroupInfo.Option] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw GD2Error(.invalid, "\(path):\(number + 1): \"\(line)\" is not KEY=VALUE")
            }
            let (name, value) = (String(parts[0]), String(parts[1]))
            options.append(OptionGroupInfo.Option(name: name, onValue: value))
        }
        return options
    }
}
