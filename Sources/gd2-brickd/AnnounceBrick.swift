import ArgumentParser
import BrickService

extension GD2Brickd {
    /// Started by the daemon as a process of its own, since it needs a mount.
    struct AnnounceBrick: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "announce-brick",
            abstract: "Tell the other bricks of a set that one of it is new and empty.",
            discussion: """
                The daemon runs this by itself before it starts a brick that replaces another.
                Example: gd2-brickd announce-brick --volfile-id=gv0 --client=gv0-client-2 \
                --host=h3 --brick=/disk2/b --source=gv0-client-0 --folder=/run/gluster/new \
                --log-file=/var/log/glusterfs/gv0-replace-brick-mount.log
                """)

        @Option(help: "The volume's name, as clients ask for its volfile.") var volfileId: String
        @Option(help: "The client xlator of the empty brick.") var client: String
        @Option(help: "The host of the empty brick, as the volfile has it.") var host: String
        @Option(help: "The empty brick's path.") var brick: String
        @Option(help: "The client xlator of a brick with the data; may be given several times.")
        var source: [String] = []
        @Option(help: "Where the volume is mounted, seen by this process alone.")
        var folder: String
        @Option(help: "The client's log.") var logFile: String
        @Option(help: "The client's program.") var glusterfs = "/usr/sbin/glusterfs"
        @Option(help: "gd2-pmap's socket for root.") var socket = "/run/glusterd.socket"

        func run() throws {
            let wish = BrickAnnouncement.Wish(
                volfileID: volfileId, client: client, host: host, brick: brick, sources: source,
                folder: folder, logFile: logFile, glusterfs: glusterfs, socket: socket)
            guard BrickAnnouncement.run(wish) else { throw ExitCode.failure }
        }
    }
}
