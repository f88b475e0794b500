/// Several options that are set together under one name.
public struct OptionGroup: Hashable, Sendable {
    public var name: String
    public var description: String
    /// Key to value.
    public var options: [String: String]

    public init(name: String, description: String, options: [String: String]) {
        self.name = name
        self.description = description
        self.options = options
    }

    /// `name`, or the same with GD2's `profile.` before it.
    public static func builtIn(named name: String) -> OptionGroup? {
        builtIn.first { $0.name == name || "profile." + $0.name == name }
    }

    /// Whether an own group can be called so: as a file in GD1, and no word of commands.
    public static func isName(_ name: String) -> Bool {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8
        return (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(letters.contains)
            && !name.hasPrefix(".") && !["all", "group", "modified"].contains(name)
    }

    /// Those of GlusterFS 10.3 (`/var/lib/glusterd/groups`).
    public static let builtIn = [
        OptionGroup(
            name: "db-workload",
            description: "databases: no caches or reordering in clients",
            options: [
                "performance.open-behind": "on",
                "performance.write-behind": "off",
                "performance.stat-prefetch": "off",
                "performance.quick-read": "off",
                "performance.strict-o-direct": "on",
                "performance.read-ahead": "off",
                "performance.io-cache": "off",
                "performance.readdir-ahead": "off",
                "performance.client-io-threads": "on",
                "server.event-threads": "4",
                "client.event-threads": "4",
                "performance.read-after-open": "yes",
            ]),
        OptionGroup(
            name: "distributed-virt",
            description: "images of virtual machines on volumes that only distribute",
            options: [
                "performance.quick-read": "off",
                "performance.read-ahead": "off",
                "performance.io-cache": "off",
                "performance.low-prio-threads": "32",
                "network.remote-dio": "enable",
                "features.shard": "on",
                "user.cifs": "off",
                "client.event-threads": "4",
                "server.event-threads": "4",
                "performance.client-io-threads": "on",
                "cluster.lookup-optimize": "off",
            ]),
        OptionGroup(
            name: "gluster-block",
            description: "block devices by gluster-block",
            options: [
                "performance.quick-read": "off",
                "performance.read-ahead": "off",
                "performance.io-cache": "off",
                "performance.stat-prefetch": "off",
                "performance.open-behind": "off",
                "performance.readdir-ahead": "off",
                "performance.strict-o-direct": "on",
                "performance.client-io-threads": "on",
                "performance.io-thread-count": "32",
                "performance.high-prio-threads": "32",
                "performance.normal-prio-threads": "32",
                "performance.low-prio-threads": "32",
                "performance.least-prio-threads": "4",
                "client.event-threads": "8",
                "server.event-threads": "8",
                "network.remote-dio": "disable",
                "cluster.eager-lock": "enable",
                "cluster.quorum-type": "auto",
                "cluster.data-self-heal-algorithm": "full",
                "cluster.locking-scheme": "granular",
                "cluster.shd-max-threads": "8",
                "cluster.shd-wait-qlength": "10000",
                "features.shard": "on",
                "features.shard-block-size": "64MB",
                "user.cifs": "off",
                "server.allow-insecure": "on",
                "cluster.choose-local": "off",
                "cluster.lookup-optimize": "off",
            ]),
        OptionGroup(
            name: "metadata-cache",
            description: "attributes and names stay cached until bricks tell of a change",
            options: [
                "features.cache-invalidation": "on",
                "features.cache-invalidation-timeout": "600",
                "performance.stat-prefetch": "on",
                "performance.cache-invalidation": "on",
                "performance.md-cache-timeout": "600",
                "network.inode-lru-limit": "200000",
            ]),
        OptionGroup(
            name: "nl-cache",
            description: "names that are not there are cached too",
            options: [
                "features.cache-invalidation": "on",
                "features.cache-invalidation-timeout": "600",
                "performance.nl-cache": "on",
                "performance.nl-cache-timeout": "600",
                "network.inode-lru-limit": "200000",
            ]),
        OptionGroup(
            name: "samba",
            description: "shares of Samba",
            options: [
                "features.cache-invalidation": "on",
                "features.cache-invalidation-timeout": "600",
                "performance.cache-samba-metadata": "on",
                "performance.stat-prefetch": "on",
                "performance.cache-invalidation": "on",
                "performance.md-cache-timeout": "600",
                "network.inode-lru-limit": "200000",
                "performance.nl-cache": "on",
                "performance.nl-cache-timeout": "600",
                "performance.readdir-ahead": "on",
                "performance.parallel-readdir": "on",
                "performance.write-behind": "off",
            ]),
        OptionGroup(
            name: "virt",
            description: "images of virtual machines on replicate volumes",
            options: [
                "performance.quick-read": "off",
                "performance.read-ahead": "off",
                "performance.io-cache": "off",
                "performance.low-prio-threads": "32",
                "network.remote-dio": "disable",
                "performance.strict-o-direct": "on",
                "cluster.eager-lock": "enable",
                "cluster.quorum-type": "auto",
                "cluster.server-quorum-type": "server",
                "cluster.data-self-heal-algorithm": "full",
                "cluster.locking-scheme": "granular",
                "cluster.shd-max-threads": "8",
                "cluster.shd-wait-qlength": "10000",
                "features.shard": "on",
                "user.cifs": "off",
                "cluster.choose-local": "off",
                "client.event-threads": "4",
                "server.event-threads": "4",
                "performance.client-io-threads": "on",
                "network.ping-timeout": "20",
                "server.tcp-user-timeout": "20",
                "server.keepalive-time": "10",
                "server.keepalive-interval": "2",
                "server.keepalive-count": "5",
                "cluster.lookup-optimize": "off",
            ]),
    ]
}
