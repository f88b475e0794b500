public import Daemon

/// The settings of gd2-pmap.
public struct PmapConfiguration: DaemonConfiguration {
    /// The last view of the store.
    public var stateDirectory = "/var/lib/gd2/pmap"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var pmapSocket = "/run/gd2/pmap.sock"
    /// Where gd2-rest takes HTTP connections.
    public var handoverSocket = "/run/gd2/handover.sock"
    /// The root-only socket of this node's bricks and daemons.
    public var localSocket = "/run/glusterd.socket"
    /// The address for GlusterFS clients and HTTP; empty: all, IPv4 and IPv6.
    public var listenAddress = ""
    public var port = 24_007
    /// A connection that has sent nothing for this long is closed.
    public var firstByteSeconds = 15
    /// Unix user → program, beside those of the shipped sysusers.d file.
    public var callers: [String: String] = [:]

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
