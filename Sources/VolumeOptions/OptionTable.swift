/// Why an option is refused.
public enum OptionError: Error, Equatable, CustomStringConvertible {
    case unknown(key: String, similar: [String])
    case badValue(key: String, value: String, expected: String)
    case global(key: String)
    case notGlobal(key: String)
    case ownCommand(key: String, command: String)
    case readOnly(key: String)
    case notMade(key: String, feature: String)

    public var description: String {
        switch self {
        case .unknown(let key, let similar):
            "option \(key) is not known"
                + (similar.isEmpty
                    ? ": glustercli volume get VOLUME all lists them"
                    : ": did you mean \(similar.joined(separator: ", "))?")
        case .badValue(let key, let value, let expected):
            "option \(key) cannot be \"\(value)\": it takes \(expected)"
        case .global(let key):
            "option \(key) is of the whole cluster: set it with glustercli volume set all \(key) …"
        case .notGlobal(let key): "option \(key) is of one volume: name the volume instead of all"
        case .readOnly(let key): "option \(key) is only shown: it goes by what the nodes can do"
        case .notMade(let key, let feature):
            "option \(key) would turn on \(feature), which gd2 does not have yet"
        case .ownCommand(let key, let command): "option \(key) is not set by hand: use \(command)"
        }
    }
}

/// The options that volumes can have, by GD1's keys.
public struct OptionTable: Sendable {
    /// In map order.
    public let entries: [OptionEntry]
    private let byKey: [String: [Int]]
    /// `performance/io-cache.cache-size` (GD2) → GD1's key.
    private let byXlatorOption: [String: String]

    /// GlusterFS 10.3's map.
    public static let standard = OptionTable(entries: OptionRows.all)

    public init(entries: [OptionEntry]) {
        self.entries = entries
        var byKey: [String: [Int]] = [:]
        var byXlatorOption: [String: String] = [:]
        for (index, entry) in entries.enumerated() {
            byKey[entry.key, default: []].append(index)
            if let option = entry.option, byXlatorOption["\(entry.xlator).\(option)"] == nil {
                byXlatorOption["\(entry.xlator).\(option)"] = entry.key
                if let tail = entry.xlator.split(separator: "/").last {
                    byXlatorOption["\(tail).\(option)"] = entry.key
                }
            }
        }
        self.byKey = byKey
        self.byXlatorOption = byXlatorOption
    }

    /// GD1's key for a key in any accepted spelling: itself, GD2's `category/xlator.option`, or the
    /// last part alone where only one key ends so.
    public func key(for name: String) throws(OptionError) -> String {
        if byKey[name] != nil { return name }
        if let key = byXlatorOption[name] { return key }
        if name.hasPrefix("user."), name.count > 5,
            name.utf8.allSatisfy({ OptionKind.isSafe($0) && $0 != UInt8(ascii: "=") })
        {
            return name
        }
        if !name.contains(".") {
            let ending = byKey.keys.filter { $0.hasSuffix("." + name) }
            if ending.count == 1, let key = ending.first { return key }
            throw .unknown(key: name, similar: Array(ending.sorted().prefix(5)))
        }
        throw .unknown(key: name, similar: similar(to: name))
    }

    /// The first entry of a key; nil for `user.*`.
    public func entry(_ key: String) -> OptionEntry? { byKey[key]?.first.map { entries[$0] } }

    /// Key and value as they are stored.
    public func validate(
        _ name: String, _ value: String, isGlobal: Bool = false
    ) throws(OptionError) -> (key: String, value: String) {
        let key = try key(for: name)
        guard let entry = entry(key) else {
            guard !isGlobal else { throw .notGlobal(key: key) }
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw .badValue(key: key, value: value, expected: "a text of one line")
            }
            return (key, value)
        }
        if let command = Self.ownCommands[key] { throw .ownCommand(key: key, command: command) }
        if Self.readOnly.contains(key) { throw .readOnly(key: key) }
        if entry.isGlobal, !isGlobal { throw .global(key: key) }
        if !entry.isGlobal, isGlobal { throw .notGlobal(key: key) }
        let kind = Self.kindOverrides[key] ?? entry.kind
        guard let canonical = kind.canonical(value) else {
            throw .badValue(key: key, value: value, expected: kind.expectation)
        }
        if let feature = Self.notMade[key], OptionKind.bool(canonical) != false {
            throw .notMade(key: key, feature: feature)
        }
        return (key, canonical)
    }

    /// Whether a brick has to be restarted before it uses a new value: what changes a brick's
    /// graph, or is read once.
    public func needsBrickRestart(_ key: String) -> Bool { Self.restartKeys.contains(key) }

    /// The value that is written into volfiles though nobody set it; nil for none.
    public func mapDefault(_ key: String) -> String? {
        byKey[key]?.lazy.compactMap { entries[$0].mapDefault }.first
    }

    /// What a volume uses when nobody set the option.
    public func defaultValue(_ key: String) -> String? {
        mapDefault(key) ?? byKey[key]?.lazy.compactMap { entries[$0].xlatorDefault }.first
    }

    private static let bool = OptionKind(
        name: "bool", minimum: nil, maximum: nil, range: "", allowed: [])
    /// Keys that special code reads as booleans though the map has no type for them.
    private static let kindOverrides: [String: OptionKind] = Dictionary(
        uniqueKeysWithValues: [
            "performance.write-behind", "performance.read-ahead", "performance.readdir-ahead",
            "performance.io-cache", "performance.open-behind", "performance.quick-read",
            "performance.nl-cache", "performance.stat-prefetch", "performance.client-io-threads",
            "features.ctime", "features.acl", "features.sdfs", "nfs.disable", "cluster.nufa",
            "cluster.switch", "network.compression",
        ].map { ($0, bool) } + debugKeys.map { ($0, debugPosition) })
    private static let debugKeys = ["debug.trace", "debug.error-gen", "debug.delay-gen"]
    private static let debugPosition = OptionKind(
        name: "str", minimum: nil, maximum: nil, range: "", allowed: ["off"] + debugPositions)
    /// Above which xlator debug xlators can be put.
    public static let debugPositions = [
        "client", "posix", "arbiter", "trash", "changelog", "bitrot-stub", "acl", "locks", "leases",
        "upcall", "io-threads", "selinux", "marker", "index", "quota", "namespace", "sdfs",
    ]
    private static let readOnly: Set<String> = ["cluster.op-version", "cluster.max-op-version"]
    /// What would be stored and change nothing, or do harm (docs/volfiles.md).
    private static let notMade: [String: String] = [
        "features.uss": "user-serviceable snapshots",
        "features.cloudsync": "cloudsync",
        // GlusterFS 10.3 reads its pattern after freeing it: no client could mount the volume.
        "cluster.switch": "the switch layout",
        // A client compresses at once, a running brick then stores what it cannot decompress.
        "network.compression": "compression between clients and bricks",
        "config.gfproxyd": "gfproxy",
        "cluster.brick-multiplex": "several bricks in one process",
        "cluster.enable-shared-storage": "the shared storage volume",
    ]
    private static let ownCommands: [String: String] = [
        "features.quota": "glustercli volume quota",
        "features.inode-quota": "glustercli volume quota",
        "features.bitrot": "glustercli volume bitrot",
        "features.scrub": "glustercli volume bitrot",
    ]
    private static let restartKeys: Set<String> = [
        "features.acl", "features.sdfs", "features.trash", "server.ssl", "client.ssl",
        "storage.linux-aio", "storage.linux-io_uring", "transport.address-family",
        "network.compression", "features.tag-namespaces", "config.memory-accounting",
        "config.global-threading", "config.brick-threads", "debug.trace", "debug.error-gen",
        "debug.delay-gen",
    ]

    private func similar(to name: String) -> [String] {
        let tail = name.split(separator: ".").last.map(String.init) ?? name
        return Array(
            byKey.keys.filter { $0.hasSuffix("." + tail) || Self.isNear($0, name) }.sorted()
                .prefix(3))
    }

    /// Whether one is the other with up to two letters changed, added or missing.
    private static func isNear(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        guard abs(a.count - b.count) <= 2 else { return false }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let substituted = previous + (x == y ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, previous + 1)
            }
        }
        return row[b.count] <= 2
    }
}
