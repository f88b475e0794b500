import ArgumentParser
import GD2Error
import GlusterModel
import RESTAPI

/// `volume replace-brick`.
struct ReplaceBrick: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace-brick",
        abstract: "Put an empty brick in the place of another; it is healed from those that stay.",
        discussion: """
            Example:
              glustercli volume replace-brick gv0 h3:/disk1/b h3:/disk2/b
              glustercli volume replace-brick gv0 h3:/disk1/b h4:/disk1/b --fence h3 --yes
            The volume has to be started, and the other bricks of the set have to have the data. \
            It waits until the new brick is online; healing goes on after that. The files on the \
            old brick stay. A node with bricks of the volume that does not answer would give \
            clients the old topology when it is started alone: start it first, or power it off, \
            or make sure that no client reaches it, and name it with --fence. GD1's words commit \
            force are taken as force: two bricks of a set on one host, and what the four flags \
            allow.
            """)
    @OptionGroup var common: CommonOptions
    @OptionGroup var change: JobOptions
    @OptionGroup var forced: ForceOption
    @Option(
        help: ArgumentHelp(
            "A node that does not answer, of which you know that no client gets anything from it "
                + "before it has seen the change; may be given several times.", valueName: "host"))
    var fence: [String] = []
    @Flag(help: "Use a directory that was a brick before; it has to be empty.")
    var reuseBricks = false
    @Flag(help: "Allow a brick on the root file system.") var allowRootDir = false
    @Flag(help: "Allow a mount point as brick.") var allowMountAsBrick = false
    @Flag(help: "Make the directory if it does not exist.") var createBrickDir = false
    @Argument(help: "The volume's name.") var name: String
    @Argument(help: ArgumentHelp("The brick that goes.", valueName: "old HOST:/PATH"))
    var old: String
    @Argument(help: ArgumentHelp("The brick in its place.", valueName: "new HOST:/PATH"))
    var new: String
    @Argument(help: ArgumentHelp("force, or GD1's commit force.", valueName: "commit force"))
    var words: [String] = []

    func run() async throws {
        try await running {
            let path = try VolumeCommand.path(name) + "/replacebrick"
            let force = try Self.force(words) || forced.force
            let (old, new) = (try BrickSpec(validating: old), try BrickSpec(validating: new))
            let peers = try await common.client.get("/v1/peers", as: [PeerInfo].self)
            var request = ReplaceBrickReq(
                oldPeer: VolumeCommand.peer(old.host, peers), oldPath: "\(old.path)",
                newPeer: VolumeCommand.peer(new.host, peers), newPath: "\(new.path)")
            request.force = force
            if !fence.isEmpty { request.fence = fence.map { VolumeCommand.peer($0, peers) } }
            request.flags = [
                "reuse-bricks": reuseBricks, "allow-root-dir": allowRootDir,
                "allow-mount-as-brick": allowMountAsBrick, "create-brick-dir": createBrickDir,
            ].filter(\.value)
            if change.dryRun { return try await common.plan("POST", path, request) }
            try common.confirm(Self.question(name, old, new, fence))
            guard let done = try await common.perform("POST", path, request, change) else { return }
            let volume = try await done.volume(common.client)
            try VolumeCommand.said(
                volume, common,
                "has \(new.host):\(new.path) in the place of \(old.host):\(old.path); it is being "
                    + "healed")
        }
    }

    static func question(
        _ name: String, _ old: BrickSpec, _ new: BrickSpec, _ fence: [String]
    ) -> String {
        let replaced =
            "\(old.host):\(old.path) is taken out of volume \(name), and \(new.host):\(new.path) "
            + "is healed from the bricks that stay."
        guard !fence.isEmpty else { return replaced + " Continue?" }
        let names = fence.joined(separator: ", ")
        let (they, them, have) =
            fence.count == 1 ? ("it", "it", "has") : ("they", "them", "have")
        return replaced
            + " You say that no client gets anything from \(names), off or cut off from all "
            + "clients, until \(they) \(have) seen this; else clients of \(them) write where "
            + "nobody looks. Continue?"
    }

    static func force(_ words: [String]) throws(GD2Error) -> Bool {
        switch words {
        case []: return false
        case ["force"], ["commit", "force"]: return true
        default:
            throw GD2Error(
                .invalid,
                "\(words.joined(separator: " ")) is not understood: only commit force, or force")
        }
    }
}
