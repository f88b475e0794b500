import Testing
import VolumeOptions

/// Where real glusterd answers otherwise, and that is accepted; docs/options.md has the reasons.
enum OptionDifference: CaseIterable {
    case unusedValue, uncheckedValue, anyWord, hugeSize, leadingHex, notMade, debugPlace, together
    case threadsOfNode, pathOfNode, hookScript, fatalValue

    init?(refused error: OptionError, _ changes: [String: String], changesNothing: Bool) {
        let (key, value) = changes.first ?? ("", "")
        let found = Self.allCases.first { difference in
            switch difference {
            case .unusedValue: changesNothing && error.isOfValue && !Self.anyWordKeys.contains(key)
            case .uncheckedValue: error.isOfValue && Self.unchecked.contains(key)
            case .anyWord: error.isOfValue && Self.anyWordKeys.contains(key)
            case .hugeSize: error.isOfValue && value == "99999999999PB"
            case .leadingHex: key == "cluster.subvols-per-directory" && value == "0x10"
            case .notMade: error.isNotMade
            case .fatalValue: error.isOfValue && Self.fatal[key]?.contains(value) == true
            case .debugPlace: error.isOfValue && Self.debugKeys.contains(key)
            case .together: changes.count > 1
            case .threadsOfNode, .pathOfNode, .hookScript: false
            }
        }
        guard let found else { return nil }
        self = found
    }

    init?(accepted changes: [String: String]) {
        let (key, value) = changes.first ?? ("", "")
        switch key {
        case _ where changes.count > 1: self = .together
        case "cluster.rebal-throttle" where Int(value) != nil: self = .threadsOfNode
        case "server.statedump-path", "features.trash-dir": self = .pathOfNode
        case "cluster.enable-shared-storage" where value == "disable": self = .hookScript
        default: return nil
        }
    }

    private static let debugKeys: Set = ["debug.trace", "debug.error-gen", "debug.delay-gen"]
    /// With which no brick starts, or no client mounts: glusterd takes them, bricks and clients of
    /// GlusterFS 10.3 were started with each.
    private static let fatal: [String: Set<String>] = [
        "cluster.read-subvolume-index": ["5", "0x10", "010", "+4", "9"],
        "cluster.data-self-heal": ["open"],
        "cluster.dht-xattr-name": ["abc", "/x/y", "1", "on", "a,b", "-1"],
        "performance.cache-min-file-size": ["1MB", "1.5KB", "2048", "1gb", "5TB"],
        "performance.cache-priority": ["a:-1"],
        "performance.quick-read-cache-timeout": ["-1"],
        "performance.qr-cache-timeout": ["-1"],
        "performance.aggregate-size": ["1gb", "5TB"],
        "network.tcp-window-size": ["1MB", "1.5KB"],
        "server.gid-timeout": ["-1"],
        "server.tcp-user-timeout": ["30s", "5min", "3m"],
        "features.cache-invalidation-timeout": ["-1"],
        "features.lease-lock-recall-timeout": ["-1"],
        "transport.listen-backlog": ["0x10"],
    ]
    private static let anyWordKeys: Set = [
        "cluster.nufa", "cluster.switch", "features.sdfs", "features.acl", "nfs.disable",
    ]
    /// Options of transports, of io-stats and of daemons, which stand in volfiles unchecked.
    private static let unchecked: Set = [
        "ssl.certificate-depth", "server.keepalive-time", "server.keepalive-interval",
        "server.keepalive-count", "client.keepalive-time", "client.keepalive-interval",
        "client.keepalive-count", "client.tcp-user-timeout", "transport.address-family",
        "transport.keepalive", "server.ssl", "client.ssl", "server.own-thread",
        "client.own-thread", "client.send-gids", "features.signer-threads", "features.expiry-time",
        "features.timeout", "features.failover-hosts", "config.client-threads",
        "config.brick-threads",
    ]
}

extension OptionError {
    fileprivate var isOfValue: Bool {
        switch self {
        case .badValue, .notHere: true
        default: false
        }
    }

    fileprivate var isNotMade: Bool {
        switch self {
        case .notMade, .harmful: true
        default: false
        }
    }
}
