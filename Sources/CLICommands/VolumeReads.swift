import ArgumentParser
import GD2Error
import RESTAPI

struct VolumeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the volumes.",
        discussion: "Example: glustercli volume list -o name")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await running {
            let volumes = try await common.client.get("/v1/volumes", as: [VolumeInfo].self)
            try render(volumes, as: common.output, names: volumes.map(\.name)) {
                Table(
                    headers: ["NAME", "TYPE", "STATE", "BRICKS"],
                    rows: volumes.map {
                        [
                            $0.name, $0.type.rawValue, $0.state.rawValue,
                            "\($0.subvols.map(\.bricks.count).reduce(0, +))",
                        ]
                    }
                ).text
            }
        }
    }
}

struct VolumeInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show what a volume is made of.",
        discussion: "Example: glustercli volume info gv0")
    @OptionGroup var common: CommonOptions
    @Argument(help: "The volume's name, or all.") var name = "all"

    func run() async throws {
        try await running {
            let volumes = try await chosenVolumes(name, common)
            try render(volumes, as: common.output, names: volumes.map(\.name)) {
                volumes.map(Self.text).joined(separator: "\n")
            }
        }
    }

    /// In glusterd's words, which scripts read.
    static func text(_ volume: VolumeInfo) -> String {
        var lines = [
            "Volume Name: \(volume.name)", "Type: \(volume.type.rawValue)",
            "Volume ID: \(volume.id)", "Status: \(volume.state.rawValue)",
            "Number of Bricks: \(layout(volume))", "Transport-type: \(volume.transport)",
            "Bricks:",
        ]
        let bricks = volume.subvols.flatMap(\.bricks)
        for (index, brick) in bricks.enumerated() {
            let kind = brick.type == .arbiter ? " (arbiter)" : ""
            lines.append("Brick\(index + 1): \(brick.host):\(brick.path)\(kind)")
        }
        if let arbiter = volume.thinArbiter {
            let whose = arbiter.peerID == nil ? " (outside of this cluster)" : ""
            lines.append("Thin-arbiter-path: \(arbiter.host):\(arbiter.path)\(whose)")
        }
        if !volume.options.isEmpty {
            lines.append("Options Reconfigured:")
            lines += volume.options.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Sets x bricks of each = bricks, as glusterd's tool writes it (its cli-rpc-ops.c).
    static func layout(_ volume: VolumeInfo) -> String {
        let sets = volume.subvols.count
        let bricks = volume.subvols.map(\.bricks.count).reduce(0, +)
        switch volume.type {
        case .distribute: return "\(bricks)"
        case .replicate, .distributedReplicate:
            guard let arbiters = volume.arbiterCount, arbiters > 0 else {
                return "\(sets) x \(volume.replicaCount) = \(bricks)"
            }
            return "\(sets) x (\(volume.replicaCount) + \(arbiters)) = \(bricks)"
        case .disperse, .distributedDisperse:
            let redundancy = volume.disperseRedundancyCount ?? 0
            let size = volume.disperseCount ?? volume.subvols.first?.bricks.count ?? 0
            return "\(sets) x (\(size - redundancy) + \(redundancy)) = \(bricks)"
        }
    }
}

struct VolumeStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show which bricks are online, or who has volfiles.",
        discussion: """
            Example:
              glustercli volume status gv0
              glustercli volume status gv0 clients
            """, aliases: ["bricks"])
    @OptionGroup var common: CommonOptions
    @Argument(help: "The volume's name, or all.") var name = "all"
    @Argument(help: "clients: the processes that hold a volfile of it.") var what: What?

    enum What: String, ExpressibleByArgument, CaseIterable { case clients }

    func run() async throws {
        try await running {
            if what == .clients { return try await clients() }
            var all: [VolumeStatus] = []
            for volume in try await chosenVolumes(name, common) {
                all.append(
                    try await common.client.get(
                        VolumeCommand.path(volume.name) + "/status", as: VolumeStatus.self))
            }
            for line in Self.missing(all) { writeError(line) }
            let bricks = all.flatMap { $0.bricks ?? [] }
            try render(bricks, as: common.output, names: bricks.map(\.info.path)) {
                Table(
                    headers: ["VOLUME", "BRICK", "ONLINE", "PORT", "PID", "FREE", "NOTE"],
                    rows: bricks.map(Self.row)
                ).text
            }
        }
    }

    /// One line for each node that did not answer, whatever it has of the volumes.
    static func missing(_ all: [VolumeStatus]) -> [String] {
        var nodes: [String: MissingNode] = [:]
        for node in all.flatMap({ $0.missingNodes ?? [] }) { nodes[node.peerID] = node }
        return nodes.values.sorted { $0.name < $1.name }.map {
            "warning: \($0.message): shown as last reported"
        }
    }

    private func clients() async throws {
        var all: [ClientInfo] = []
        for volume in try await chosenVolumes(name, common) {
            all += try await common.client.get(
                VolumeCommand.path(volume.name) + "/clients", as: [ClientInfo].self)
        }
        try render(all, as: common.output, names: all.map(\.address)) {
            Table(
                headers: ["CLIENT", "VOLFILE", "OP-VERSION"],
                rows: all.map { [$0.address, $0.volfile, "\($0.opVersion)"] }
            ).text
        }
    }

    /// What a node that does not answer reported last is known of nobody now: it is a note there.
    static func row(_ brick: BrickStatus) -> [String] {
        let isStale = brick.isStale == true
        let state = brick.online ? "online" : "offline"
        let number = { (number: Int) in isStale ? "?" : number == 0 ? "-" : "\(number)" }
        return [
            brick.info.volumeName, "\(brick.info.host):\(brick.info.path)",
            isStale ? "?" : brick.online ? "yes" : "no", number(brick.port), number(brick.pid),
            brick.size.capacity == 0 ? (isStale ? "?" : "-") : bytes(brick.size.free),
            isStale ? "\(state) \(brick.message ?? "as last reported")" : brick.message ?? "",
        ]
    }
}

/// One volume, or all of them.
func chosenVolumes(_ name: String, _ common: CommonOptions) async throws -> [VolumeInfo] {
    if name == "all" { return try await common.client.get("/v1/volumes", as: [VolumeInfo].self) }
    return [try await common.client.get(try VolumeCommand.path(name), as: VolumeInfo.self)]
}
