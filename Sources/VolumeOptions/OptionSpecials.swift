/// Options that the map alone does not describe.
enum OptionSpecials {
    /// Instead of the map's type, where it has none or glusterd looks more closely.
    static let kinds: [String: OptionKind] = {
        var kinds: [String: OptionKind] = [:]
        for key in switches { kinds[key] = OptionKind(type: "bool") }
        for key in ["debug.trace", "debug.error-gen", "debug.delay-gen"] {
            kinds[key] = OptionKind(words: ["off"] + OptionTable.debugPositions)
        }
        for (key, values) in words { kinds[key] = OptionKind(words: values) }
        for (key, text) in forms { kinds[key] = OptionKind(form: text) }
        for key in notNegative { kinds[key] = OptionKind(type: "int", minimum: 0) }
        for (key, maximum) in plainNumbers {
            var kind = OptionKind(type: "int", minimum: 0, maximum: maximum)
            kind.form = "\(kind.expectation), without a unit and not as 0x"
            kinds[key] = kind
        }
        // Names in certificates, whatever they look like.
        kinds["auth.ssl-allow"] = OptionKind(type: "str")
        return kinds
    }()

    private static let switches = [
        "performance.write-behind", "performance.read-ahead", "performance.readdir-ahead",
        "performance.io-cache", "performance.open-behind", "performance.quick-read",
        "performance.nl-cache", "performance.stat-prefetch", "performance.client-io-threads",
        "features.ctime", "features.acl", "features.sdfs", "nfs.disable", "cluster.nufa",
        "cluster.switch", "network.compression", "geo-replication.indexing",
        "config.memory-accounting", "cluster.brick-graceful-cleanup",
        // The map has a word more, with which no client mounts.
        "cluster.data-self-heal",
    ]
    private static let notNegative = [
        "features.default-retention-period", "features.auto-commit-period",
        // Times to those who read them, and a process that reads one below 0 ends.
        "server.gid-timeout", "features.cache-invalidation-timeout",
        "features.lease-lock-recall-timeout", "performance.qr-cache-timeout",
        "performance.quick-read-cache-timeout",
    ]
    /// What the socket reads as numbers without a unit, whatever the map says; with another no
    /// brick starts.
    private static let plainNumbers: [String: Double?] = [
        "network.tcp-window-size": 1_048_576, "server.tcp-user-timeout": 1_013,
        "transport.listen-backlog": nil,
    ]
    private static let words: [String: [String]] = [
        // Of the map's others no process listens on one, and clients reach none by the other.
        "transport.address-family": ["inet", "inet6"],
        "features.retention-mode": ["relax", "enterprise"],
        "locks.mandatory-locking": ["off", "file", "forced", "optimal"],
        // GlusterFS has no RDMA any more.
        "config.transport": ["tcp"],
        "cluster.localtime-logging": ["enable", "disable"],
        "cluster.enable-shared-storage": ["enable", "disable"],
        "cluster.daemon-log-level": ["INFO", "WARNING", "ERROR", "DEBUG", "TRACE"],
    ]

    /// What a text of a form of its own has to be; `isForm` tells whether it is.
    private static let forms = [
        "features.snapshot-directory": "a dot and 1 to 254 letters, digits, - and _",
        "cluster.dht-xattr-name": "the name of an extended attribute, which begins with trusted.",
        "cluster.rebal-throttle": "lazy, normal, aggressive or a number of threads",
        "features.trash-dir":
            "a name other than . and .., without /, blanks, quotes, backticks, \\ and #",
    ]

    /// Whether a text has the form of its key; true for keys without one.
    static func isForm(_ key: String, _ value: String) -> Bool {
        switch key {
        case "features.snapshot-directory":
            value.hasPrefix(".") && (2...255).contains(value.utf8.count)
                && value.utf8.dropFirst().allSatisfy { byte in
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                        || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_".utf8.contains(byte)
                }
        // Bricks keep no other.
        case "cluster.dht-xattr-name":
            value.hasPrefix("trusted.") && (9...255).contains(value.utf8.count)
        case "cluster.rebal-throttle":
            ["lazy", "normal", "aggressive"].contains(value.lowercased())
                || (OptionKind.integer(value) ?? 0) > 0
        case _ where plainNumbers.keys.contains(key): !value.lowercased().hasPrefix("0x")
        case "features.trash-dir":
            !value.utf8.contains(UInt8(ascii: "/")) && value != "." && value != ".."
        default: true
        }
    }

    static let readOnly: Set<String> = ["cluster.op-version", "cluster.max-op-version"]

    /// What would be stored and change nothing, or do harm, unless it is off (docs/options.md).
    static let notMade: [String: String] = [
        "features.uss": "user-serviceable snapshots",
        "features.cloudsync": "cloudsync",
        "config.gfproxyd": "gfproxy",
        "cluster.brick-multiplex": "several bricks in one process",
        "cluster.enable-shared-storage": "the shared storage volume",
    ]

    /// What GlusterFS 10.3 makes of it; it stays off.
    static let harms: [String: String] = [
        // It reads the pattern after freeing it.
        "cluster.switch": "no client could mount the volume",
        // A client compresses at once, a running brick then stores what it cannot decompress.
        "network.compression": "files would be destroyed",
        // With EINVAL, on XFS and on ext4.
        "storage.linux-aio": "reads and writes would fail",
    ]

    /// What glusterd, too, refuses: where that feature is off, or since it has commands for it.
    static let ofNotMade: [String: String] = [
        "cluster.max-bricks-per-process": "several bricks in one process",
        "glusterd.vol_count_per_thread": "several bricks in one process",
        "ganesha.enable": "NFS-Ganesha",
        "features.quota": "quota",
        "features.inode-quota": "quota",
        "features.bitrot": "bitrot detection",
        "features.scrub": "bitrot detection",
        "features.scrub-freq": "bitrot detection",
        "features.scrub-throttle": "bitrot detection",
    ]

    /// What changes a brick's graph, or is read once.
    static let restartKeys: Set<String> = [
        "features.acl", "features.sdfs", "features.trash", "server.ssl", "client.ssl",
        "storage.linux-aio", "storage.linux-io_uring", "transport.address-family",
        "transport.listen-backlog", "network.compression", "features.tag-namespaces",
        "config.memory-accounting", "config.global-threading", "config.brick-threads",
        "debug.trace", "debug.error-gen", "debug.delay-gen", "ssl.own-cert", "ssl.private-key",
        "ssl.ca-list", "ssl.crl-path", "ssl.certificate-depth", "ssl.cipher-list", "ssl.dh-param",
        "ssl.ec-curve",
    ]
}

extension OptionKind {
    fileprivate init(type: String, minimum: Double? = nil, maximum: Double? = nil) {
        let range = maximum == nil ? "min" : "both"
        self.init(name: type, minimum: minimum, maximum: maximum, range: range, allowed: [])
    }

    fileprivate init(form: String) {
        self.init(type: "str")
        self.form = form
    }

    fileprivate init(words: [String]) {
        self.init(name: "str", minimum: nil, maximum: nil, range: "", allowed: words)
    }
}
