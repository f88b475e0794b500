/// GD1's option map as text. Columns, separated by `; `: key, xlator type, option of the xlator
/// (`!` when special code writes it), default that is always written (`~` for none), value type,
/// minimum, maximum, which of them count, op-version, flags, allowed values, the xlator's own
/// default (`~` for none). The order is the order in which options are put into a volfile.
enum OptionRows {
    static let all: [OptionEntry] = {
        var entries: [OptionEntry] = []
        for part in [part1, part2, gd2] {
            for line in part.split(separator: "\n") {
                if let entry = OptionEntry(row: String(line)) { entries.append(entry) }
            }
        }
        return entries
    }()
}

/// One line of the option map: a key feeds one option of one type of xlator. Several lines may have
/// the same key.
public struct OptionEntry: Hashable, Sendable {
    public var key: String
    /// `cluster/replicate` and the like.
    public var xlator: String
    /// The name within the xlator; nil when special code writes it.
    public var option: String?
    /// The name within the xlator, also where special code writes it.
    public var xlatorOption: String
    /// Written into volfiles though nobody set it.
    public var mapDefault: String?
    /// What the xlator uses when nothing is written.
    public var xlatorDefault: String?
    /// The xlator's own words, else ours (`OptionSpecials.descriptions`); nil where there are none.
    public var description: String?
    public var kind: OptionKind
    public var opVersion: Int
    /// Applies to the whole cluster: `volume set all`.
    public var isGlobal: Bool
    public var isHidden: Bool
    /// Only `reset --force` takes it away.
    public var isProtected: Bool
    public var isClientSide: Bool
    /// `Basic`, `Advanced`, `Experimental` or `Deprecated`: what GD2 calls it.
    public var level: String

    /// What `volume set all` takes (glusterd-op-sm.c, `valid_all_vol_opts`). The map's own flag
    /// says something else: that glusterd applies a volume's value to all volumes.
    private static let clusterKeys: Set<String> = [
        "cluster.server-quorum-ratio", "cluster.enable-shared-storage", "cluster.op-version",
        "cluster.max-op-version", "cluster.brick-multiplex", "cluster.max-bricks-per-process",
        "glusterd.vol_count_per_thread", "cluster.localtime-logging", "cluster.daemon-log-level",
        "cluster.brick-graceful-cleanup",
    ]

    init?(row: String) {
        let columns = Self.split(row)
        guard columns.count == 12 else { return nil }
        key = columns[0]
        xlator = columns[1]
        option = columns[2].hasPrefix("!") ? nil : columns[2]
        xlatorOption = option ?? String(columns[2].dropFirst())
        mapDefault = columns[3] == "~" ? nil : columns[3]
        xlatorDefault = columns[11] == "~" ? nil : columns[11]
        let flags = columns[9].split(separator: ",")
        isGlobal = Self.clusterKeys.contains(columns[0])
        isHidden = flags.contains("hidden")
        isProtected = flags.contains("force") || flags.contains("never_reset")
        isClientSide = flags.contains("client")
        level = isHidden ? "Advanced" : "Basic"
        description = OptionSpecials.descriptions[columns[0]]
        opVersion = Int(columns[8]) ?? 1
        kind = OptionKind(
            name: columns[4], minimum: Double(columns[5]), maximum: Double(columns[6]),
            range: columns[7], values: columns[10].split(separator: "|").map(String.init))
    }

    private static func split(_ row: String) -> [String] {
        var columns: [String] = [""]
        var rest = Substring(row)
        while let letter = rest.first {
            if rest.hasPrefix("; ") || rest == ";" {
                columns.append("")
                rest = rest.dropFirst(2)
            } else {
                columns[columns.count - 1].append(letter)
                rest = rest.dropFirst()
            }
        }
        return columns
    }
}
