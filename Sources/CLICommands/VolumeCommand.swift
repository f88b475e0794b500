import ArgumentParser
import GD2Error
import GlusterModel
import RESTAPI

struct VolumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Volumes: create, start, look at, change, delete.",
        discussion: """
            Example:
              glustercli volume list
              glustercli volume status gv0
            """,
        subcommands: [
            Create.self, Delete.self, Start.self, Stop.self, VolumeList.self,
            VolumeInfoCommand.self, VolumeStatusCommand.self, VolumeSet.self, VolumeGet.self,
            VolumeReset.self, ReplaceBrick.self, GroupCommand.self,
        ])

    /// A name that no volume can have is refused here, since it might mean another path.
    static func path(_ name: String) throws(GD2Error) -> String {
        if VolumeID(name) == nil {
            do { _ = try VolumeName(validating: name) } catch {
                throw GD2Error(.invalid, error.description)
            }
        }
        return "/v1/volumes/\(name)"
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Create a volume.",
            discussion: """
                Example:
                  glustercli volume create gv0 h1:/b1 h2:/b1
                  glustercli volume create gv1 replica 3 h1:/b2 h2:/b2 h3:/b2
                  glustercli volume create gv2 replica 2 arbiter 1 h1:/b3 h2:/b3 h3:/b3
                  glustercli volume create gv4 replica 2 thin-arbiter 1 h1:/b5 h2:/b5 h3:/ta
                  glustercli volume create gv3 disperse 6 redundancy 2 h{1..6}:/b4
                Without words for a layout files are distributed. More bricks, a multiple of what \
                the layout needs, make it distributed too: each group of neighbours is one set. \
                The last brick of a set is its arbiter; a thin arbiter is the last of all. It is \
                run here when HOST is a peer; elsewhere set it up with setup-thin-arbiter.sh. The \
                word force at the end, or --force, allows what the four flags allow, and asks \
                nothing.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: JobOptions
        @OptionGroup var forced: ForceOption
        @Flag(help: "Use directories that were bricks before.") var reuseBricks = false
        @Flag(help: "Allow bricks on the root file system.") var allowRootDir = false
        @Flag(help: "Allow mount points as bricks.") var allowMountAsBrick = false
        @Flag(help: "Make directories that do not exist.") var createBrickDir = false
        @Argument(help: "The volume's name.") var name: String
        @Argument(
            help: ArgumentHelp(
                "[replica N [arbiter 1 | thin-arbiter 1]] [disperse N] [disperse-data N] "
                    + "[redundancy M] [transport tcp] HOST:/PATH... [force]",
                valueName: "layout and bricks"))
        var words: [String] = []

        func run() async throws {
            try await running {
                let words = try CreateWords(words, force: forced.force)
                if case .replicate(copies: 2, arbiter: false) = words.layout, !words.force,
                    words.thinArbiter == nil, !change.dryRun
                {
                    try common.confirm(
                        "Replica 2 without an arbiter is prone to split-brain: replica 3, or "
                            + "an arbiter or thin arbiter, avoids it. Create it all the same?")
                }
                let peers = try await common.client.get("/v1/peers", as: [PeerInfo].self)
                let bricks = words.bricks.map { brick in
                    BrickReq(peerid: VolumeCommand.peer(brick.host, peers), path: "\(brick.path)")
                }
                var request = VolCreateReq(name: name, subvols: Self.subvolumes(words, bricks))
                request.force = words.force
                request.thinArbiter = words.thinArbiter.map { brick in
                    "\(VolumeCommand.peer(brick.host, peers)):\(brick.path)"
                }
                request.flags = [
                    "reuse-bricks": reuseBricks, "allow-root-dir": allowRootDir,
                    "allow-mount-as-brick": allowMountAsBrick, "create-brick-dir": createBrickDir,
                ].filter(\.value)
                if change.dryRun { return try await common.plan("POST", "/v1/volumes", request) }
                guard let done = try await common.perform("POST", "/v1/volumes", request, change)
                else { return }
                let volume = try await done.volume(common.client)
                try render(volume, as: common.output, names: [volume.name]) {
                    "volume \(volume.name) is created: start it with "
                        + "glustercli volume start \(volume.name)\n"
                }
            }
        }

        private static func subvolumes(_ words: CreateWords, _ bricks: [BrickReq]) -> [SubvolReq] {
            let size = words.layout.bricksCount
            return stride(from: 0, to: bricks.count, by: size).map { start in
                var set = Array(bricks[start..<min(start + size, bricks.count)])
                switch words.layout {
                case .distribute: return SubvolReq(type: "distribute", bricks: set)
                case .replicate(let copies, let arbiter):
                    if arbiter { set[set.count - 1].type = "arbiter" }
                    var subvolume = SubvolReq(type: "replicate", bricks: set)
                    subvolume.replica = copies
                    subvolume.arbiter = arbiter ? 1 : 0
                    return subvolume
                case .disperse(let count, let redundancy):
                    var subvolume = SubvolReq(type: "disperse", bricks: set)
                    subvolume.disperseCount = count
                    subvolume.disperseRedundancy = redundancy
                    return subvolume
                }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete a stopped volume; the files on its bricks stay.",
            discussion: "Example: glustercli volume delete gv0 --yes")
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: JobOptions
        @Argument(help: "The volume's name.") var name: String

        func run() async throws {
            try await running {
                let path = try VolumeCommand.path(name)
                if change.dryRun { return try await common.plan("DELETE", path, nil) }
                try common.confirm("Deleting volume \(name) forgets all of it. Continue?")
                guard try await common.perform("DELETE", path, nil, change) != nil else { return }
                if common.output == .table { try write("volume \(name) is deleted\n") }
            }
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start",
            abstract: "Start a volume's bricks.",
            discussion: """
                Example:
                  glustercli volume start gv0
                  glustercli volume start gv0 force
                It waits until every brick is online, up to convergence-seconds of gd2-rest.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: JobOptions
        @OptionGroup var forced: ForceOption
        @Argument(help: "The volume's name.") var name: String
        @Argument(
            help: ArgumentHelp(
                "force: start bricks of a started volume that are offline.", valueName: "force"))
        var words: [String] = []

        func run() async throws {
            try await running {
                let force = try VolumeCommand.force(words) || forced.force
                let request = VolumeStartReq(forceStartBricks: force)
                let path = try VolumeCommand.path(name) + "/start"
                if change.dryRun { return try await common.plan("POST", path, request) }
                guard let done = try await common.perform("POST", path, request, change) else {
                    return
                }
                try VolumeCommand.said(await done.volume(common.client), common, "is started")
            }
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stop",
            abstract: "Stop a volume; its clients lose it.",
            discussion: "Example: glustercli volume stop gv0 --yes")
        @OptionGroup var common: CommonOptions
        @OptionGroup var change: JobOptions
        @OptionGroup var forced: ForceOption
        @Argument(help: "The volume's name.") var name: String
        @Argument(help: ArgumentHelp("force: for GD1's scripts.", valueName: "force"))
        var words: [String] = []

        func run() async throws {
            try await running {
                let force = try VolumeCommand.force(words) || forced.force
                let request = VolumeStopReq(force: force)
                let path = try VolumeCommand.path(name) + "/stop"
                if change.dryRun { return try await common.plan("POST", path, request) }
                try common.confirm("Stopping volume \(name) takes it from its clients. Continue?")
                guard let done = try await common.perform("POST", path, request, change) else {
                    return
                }
                try VolumeCommand.said(await done.volume(common.client), common, "is stopped")
            }
        }
    }

    /// The id of a peer by a name of its; the node itself knows others.
    static func peer(_ host: String, _ peers: [PeerInfo]) -> String {
        let found = peers.first { peer in
            peer.id == host || peer.name == host
                || peer.clientAddresses.contains { $0.hasPrefix(host + ":") }
        }
        return found?.id ?? host
    }

    static func force(_ words: [String]) throws(GD2Error) -> Bool {
        guard words.isEmpty || words == ["force"] else {
            throw GD2Error(
                .invalid, "\(words.joined(separator: " ")) is not understood: only force")
        }
        return !words.isEmpty
    }

    static func said(
        _ volume: VolumeInfo, _ common: CommonOptions, _ what: String
    ) throws {
        try render(volume, as: common.output, names: [volume.name]) {
            "volume \(volume.name) \(what)\n"
        }
    }
}
