public import Daemon

/// The settings of gd2-brickd.
public struct BrickConfiguration: DaemonConfiguration {
    /// The last view of the store, and fencing tokens.
    public var stateDirectory = "/var/lib/gd2/brickd"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    /// gd2-pmap's root-only socket, from which bricks fetch their volfiles.
    public var localSocket = "/run/glusterd.socket"
    /// Sockets and pid files of bricks.
    public var runDirectory = "/run/gluster"
    public var logDirectory = "/var/log/glusterfs"
    /// GD1's working directory, where some xlators keep files.
    public var glusterDirectory = "/var/lib/glusterd"
    public var glusterfsd = "/usr/sbin/glusterfsd"
    public var glusterfs = "/usr/sbin/glusterfs"
    /// `systemd`, `detached`, or `auto`: systemd where it runs.
    public var processManager = "auto"
    /// `LOW-HIGH`; empty: the kernel's own range for outgoing connections.
    public var portRange = ""
    /// Bricks that are started at the same time.
    public var startsAtOnce = 16
    public var callers: [String: String] = [:]

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
