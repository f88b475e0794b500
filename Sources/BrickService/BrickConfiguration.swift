public import Daemon

/// The settings of gd2-brickd.
public struct BrickConfiguration: DaemonConfiguration {
    public var stateDirectory = "/var/lib/gd2/brickd"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var localSocket = "/run/glusterd.socket"
    public var runDirectory = "/run/gluster"
    public var logDirectory = "/var/log/glusterfs"
    public var glusterDirectory = "/var/lib/glusterd"
    public var glusterfsd = "/usr/sbin/glusterfsd"
    public var glusterfs = "/usr/sbin/glusterfs"
    public var processManager = "auto"
    public var portRange = ""
    public var startsAtOnce = 16
    public var callers: [String: String] = [:]

    public static let meanings = [
        "state-directory": "Folder of the last view of the store and of the fences.",
        "store-socket": "gd2-store's socket.",
        "brickd-socket": "The socket that gd2-rest and gd2-pmap call.",
        "local-socket": "gd2-pmap's socket for root, from which bricks fetch their volfiles.",
        "run-directory": "Folder of the sockets and pid files of bricks and self-heal daemons.",
        "log-directory": "Folder of their logs; those of bricks are in bricks below it.",
        "gluster-directory": "GD1's working directory, where some xlators keep files; made at the "
            + "start.",
        "glusterfsd": "The program of bricks.",
        "glusterfs": "The program of self-heal daemons.",
        "process-manager": "Who holds bricks and self-heal daemons: systemd (transient units), "
            + "detached (sessions of their own), or auto: systemd where it runs.",
        "port-range": "Ports of bricks, as LOW-HIGH within 1 to 65535; empty: any port of the "
            + "kernel's range for outgoing connections (ip_local_port_range).",
        "starts-at-once": "Processes, 1 to 1000, that are between their start and online at a "
            + "time; others wait for their turn.",
        "callers": "Table of Unix user to program: the user may call what that program may, beside "
            + "the rows that are built in.",
    ]

    public init() {}

    /// The range, when one is set.
    var ports: ClosedRange<Int>? {
        let parts = portRange.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 2, parts[0] <= parts[1], parts[0] > 0, parts[1] < 65_536 else {
            return nil
        }
        return parts[0]...parts[1]
    }

    public func problems() -> [String] {
        var problems: [String] = []
        for (key, path) in [
            ("state-directory", stateDirectory), ("store-socket", storeSocket),
            ("brickd-socket", brickdSocket), ("local-socket", localSocket),
            ("run-directory", runDirectory), ("log-directory", logDirectory),
            ("gluster-directory", glusterDirectory), ("glusterfsd", glusterfsd),
            ("glusterfs", glusterfs),
        ] where !path.hasPrefix("/") {
            problems.append("\(key) \"\(path)\" is no absolute path")
        }
        if !["auto", "systemd", "detached"].contains(processManager) {
            problems.append(
                "process-manager \"\(processManager)\" is none of auto, systemd, detached")
        }
        if !portRange.isEmpty, ports == nil {
            problems.append("port-range \"\(portRange)\" is not LOW-HIGH within 1 to 65535")
        }
        if !(1...1_000).contains(startsAtOnce) {
            problems.append("starts-at-once is \(startsAtOnce), not 1 to 1000")
        }
        return problems
    }
}
