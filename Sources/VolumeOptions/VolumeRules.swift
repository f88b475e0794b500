public import GlusterModel

extension OptionTable {
    /// Keys and values as they are stored, if all of `changes` can be set on `volume` together.
    /// What depends on other options goes by what is set afterwards.
    public func validate(
        _ changes: [String: String], of volume: Volume
    ) throws(OptionError) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            let (key, value) = try validate(name, value)
            guard values.updateValue(value, forKey: key) == nil else {
                throw .twice(key: key)
            }
        }
        let after = volume.options.merging(values) { $1 }
        try checkSize(of: after)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            let rules = VolumeRules(table: self, volume: volume, after: after)
            if let reason = rules.refusal(key, value) {
                throw .notHere(key: key, value: value, volume: volume.name, reason: reason)
            }
        }
        return values
    }

    /// Throws where the reset of `keys` leaves the volume with options, `after`, that do not go
    /// together.
    public func checkReset(
        of keys: some Sequence<String>, of volume: Volume, leaving after: [String: String]
    ) throws(OptionError) {
        let rules = VolumeRules(table: self, volume: volume, after: after)
        for key in keys.sorted() {
            if let reason = rules.ofSizes(key) {
                throw .notHere(
                    key: key, value: rules.text(key), volume: volume.name, reason: reason)
            }
        }
    }
}

/// What glusterd refuses because of the volume: its layout, its state, its other options
/// (glusterd-volume-set.c `validate_*`, glusterd-op-sm.c `glusterd_op_stage_set_volume`).
struct VolumeRules {
    let table: OptionTable
    let volume: Volume
    /// The volume's options once all of the set are in force.
    let after: [String: String]

    /// Why `key` cannot have `value` on the volume, as a clause; nil when it can.
    func refusal(_ key: String, _ value: String) -> String? {
        ofLayout(key, value) ?? ofXlators(key, value) ?? ofState(key) ?? ofOthers(key, value)
            ?? ofSizes(key)
    }

    /// A key of several xlators has to be right for each that the volume has.
    private func ofXlators(_ key: String, _ value: String) -> String? {
        let entries = table.entries(of: key)
        guard entries.count > 1, OptionSpecials.kinds[key] == nil else { return nil }
        let refusing = entries.first { has($0.xlator) && $0.kind.canonical(value) == nil }
        return refusing.map { "\($0.xlator) takes \($0.kind.expectation)" }
    }

    /// Whether the volume's graphs have such an xlator.
    private func has(_ xlator: String) -> Bool {
        switch xlator {
        case "cluster/replicate": volume.topology.layout.isReplicate
        case "cluster/disperse": volume.topology.layout.isDisperse
        case "performance/io-cache": isOn("performance.io-cache")
        case "performance/quick-read": isOn("performance.quick-read")
        default: true
        }
    }

    private func ofLayout(_ key: String, _ value: String) -> String? {
        let layout = volume.topology.layout
        if Self.replicateKeys.contains(key), !layout.isReplicate {
            return "it is of replicate volumes"
        }
        if Self.disperseKeys.contains(key), !layout.isDisperse {
            return "it is of disperse volumes"
        }
        let number = OptionKind.integer(value) ?? 0
        switch (key, layout) {
        case ("cluster.lock-migration", .replicate), ("cluster.lock-migration", .disperse):
            return "it is of volumes that only distribute"
        case ("cluster.quorum-count", _):
            let most = layout.isReplicate ? Int64(layout.bricksCount) : 1
            return (1...most).contains(number) ? nil : "it goes from 1 to \(most)"
        case ("disperse.quorum-count", .disperse(let bricks, let redundancy)):
            let range = Int64(bricks - redundancy)...Int64(bricks)
            return range.contains(number)
                ? nil : "it goes from \(range.lowerBound) to \(range.upperBound)"
        case ("cluster.read-subvolume", .replicate):
            let names = volume.topology.bricks.map {
                "\(volume.head.volfileName)-client-\($0.index)"
            }
            return names.contains(value) ? nil : "it is one of \(names.joined(separator: ", "))"
        case ("cluster.read-subvolume-index", .replicate):
            let last = Int64(layout.bricksCount) - 1
            return (-1...last).contains(number) ? nil : "it goes from -1 to \(last)"
        case ("cluster.subvols-per-directory", _):
            let most = volume.topology.subvolumes.count
            return number > Int64(most) ? "the volume has \(most) subvolumes" : nil
        default: return nil
        }
    }

    private func ofState(_ key: String) -> String? {
        switch (key, volume.head.state) {
        case ("storage.linux-aio", .started): "the volume is started: stop it first"
        case ("cluster.granular-entry-heal", .started), ("cluster.granular-entry-heal", .stopped):
            "it can be changed only before the volume's first start"
        default: nil
        }
    }

    private func ofOthers(_ key: String, _ value: String) -> String? {
        switch key {
        case "features.quota-deem-statfs" where !isOn("features.quota"): "quota is off"
        case "features.trash-dir" where !isOn("features.trash"):
            "the trash is off: set features.trash on"
        case "performance.read-after-open" where isOn("server.root-squash"):
            "server.root-squash is on and needs it: turn that off first"
        case "features.worm" where isOn(key) && isOn("features.read-only"):
            "features.read-only is on"
        case "features.read-only" where isOn(key) && isOn("features.worm"): "features.worm is on"
        case "performance.io-cache" where isOn(key):
            after["performance.cache-size"].flatMap { ofXlators("performance.cache-size", $0) }
                .map { "performance.cache-size is too small: \($0)" }
        default: nil
        }
    }

    /// Of two sizes the first may not be above the second, or no client mounts the volume. With no
    /// maximum io-cache caches files of any size, and yet compares them so.
    func ofSizes(_ key: String) -> String? {
        let pair = Self.ordered.first { key == $0.small || key == $0.large }
        guard let pair, size(pair.small) > size(pair.large) else { return nil }
        return "\(pair.small) would be \(text(pair.small)), above \(pair.large), "
            + "\(text(pair.large)), and no client could mount the volume"
    }

    private func size(_ key: String) -> Double { OptionKind.size(text(key)) ?? 0 }

    func text(_ key: String) -> String { after[key] ?? table.defaultValue(key) ?? "0" }

    private func isOn(_ key: String) -> Bool {
        OptionKind.bool(after[key] ?? table.defaultValue(key) ?? "") == true
    }

    private static let ordered = [
        (small: "performance.cache-min-file-size", large: "performance.cache-max-file-size"),
        (small: "performance.aggregate-size", large: "performance.write-behind-window-size"),
    ]
    private static let replicateKeys: Set<String> = [
        "cluster.self-heal-daemon", "cluster.metadata-self-heal", "cluster.data-self-heal",
        "cluster.entry-self-heal", "cluster.shd-max-threads",
    ]
    private static let disperseKeys: Set<String> = [
        "cluster.disperse-self-heal-daemon", "disperse.shd-max-threads", "disperse.quorum-count",
    ]
}

extension SubvolumeLayout {
    fileprivate var isReplicate: Bool {
        if case .replicate = self { true } else { false }
    }

    fileprivate var isDisperse: Bool {
        if case .disperse = self { true } else { false }
    }
}
