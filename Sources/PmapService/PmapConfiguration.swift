public import Daemon

/// The settings of gd2-pmap.
public struct PmapConfiguration: DaemonConfiguration {
    public var stateDirectory = "/var/lib/gd2/pmap"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var pmapSocket = "/run/gd2/pmap.sock"
    public var handoverSocket = "/run/gd2/handover.sock"
    public var localSocket = "/run/glusterd.socket"
    public var listenAddress = ""
    public var port = 24_007
    public var firstByteSeconds = 15
    public var callers: [String: String] = [:]

    public static let meanings = [
        "state-directory": "Folder of the last view of the store.",
        "store-socket": "gd2-store's socket.",
        "brickd-socket": "gd2-brickd's socket, for the ports of bricks.",
        "pmap-socket": "The socket that gd2-rest calls for the clients of a volume.",
        "handover-socket": "Where gd2-rest takes HTTP connections.",
        "local-socket": "The socket, root's alone, of this node's bricks and self-heal daemons.",
        "listen-address": "Address for GlusterFS clients and HTTP; empty: all of IPv4 and IPv6. "
            + "With systemd the socket unit gd2-pmap-rpc decides.",
        "port": "TCP port for them, 0 to 65535; 0: any free one. With systemd the socket unit "
            + "gd2-pmap-rpc decides.",
        "first-byte-seconds": "Seconds, 1 to 600, after which a connection that has sent nothing "
            + "is closed.",
        "callers": "Table of Unix user to program: the user may call what that program may, beside "
            + "the rows that are built in.",
    ]

    public init() {}

    public func problems() -> [String] {
        var problems: [String] = []
        for (key, path) in [
            ("state-directory", stateDirectory), ("store-socket", storeSocket),
            ("brickd-socket", brickdSocket), ("pmap-socket", pmapSocket),
            ("handover-socket", handoverSocket), ("local-socket", localSocket),
        ] where !path.hasPrefix("/") {
            problems.append("\(key) \"\(path)\" is no absolute path")
        }
        if !(0...65_535).contains(port) { problems.append("port is \(port), not 0 to 65535") }
        if !(1...600).contains(firstByteSeconds) {
            problems.append("first-byte-seconds is \(firstByteSeconds), not 1 to 600")
        }
        return problems
    }
}
