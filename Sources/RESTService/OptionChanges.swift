import GD2Error
import GlusterModel
import RESTAPI
import StoreAPI
import StoreMirror
import VolumeOptions

/// Options of volumes and of the cluster: set, reset, shown.
struct OptionChanges: Sendable {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let local: LocalStore
    let cluster: ClusterReader
    let tables: InstalledOptionTable
    var table: OptionTable { tables.current }

    var groups: OptionGroups { OptionGroups(store: store, mirror: mirror, tables: tables) }

    /// What a change makes of a volume's options.
    struct Altered: Sendable {
        var options: [String: String]
        /// The keys that were named, or, where none was, those that got another value.
        var touched: Set<String>
    }

    /// Sets all of `changes` or none; the keys that bricks take up only with a restart.
    func set(
        _ changes: [String: String], of volume: Volume, _ asked: Asked
    ) async throws -> [String] {
        try await update(volume, asked, setting(changes, of: volume))
    }

    /// Takes set options away. `names` nil: all that are not protected. The keys that bricks take
    /// up only with a restart.
    func reset(
        _ names: [String]?, of volume: Volume, force: Bool, _ asked: Asked
    ) async throws -> [String] {
        try await update(volume, asked, resetting(names, of: volume, force: force))
    }

    func setting(
        _ changes: [String: String], of volume: Volume
    ) throws -> (Volume) throws -> Altered {
        let wish = try groups.expanded(changes)
        guard wish.set.count + wish.reset.count <= Limits.optionsAtOnce else {
            throw GD2Error(.tooLarge, "more than \(Limits.optionsAtOnce) options at once")
        }
        guard !wish.set.isEmpty || !wish.reset.isEmpty else {
            throw GD2Error(.invalid, "no option is named: give KEY VALUE pairs")
        }
        let standard = CreateOptions.options(for: volume.topology.layout)
        return { volume in
            var volume = volume
            for key in wish.reset { volume.options[key] = standard[key] }
            let values = try VolumeChanges.checking { () throws(OptionError) in
                try table.validate(wish.set, of: volume)
            }
            let options = volume.options.merging(values) { $1 }
            try checkReset(of: wish.reset, of: volume, leaving: options)
            return Altered(options: options, touched: Set(values.keys).union(wish.reset))
        }
    }

    func resetting(
        _ names: [String]?, of volume: Volume, force: Bool
    ) throws -> (Volume) throws -> Altered {
        var keys: [String]?
        if let names {
            let given = try names.flatMap { name in
                if !groups.isOption(name), let group = try groups.group(named: name) {
                    return Array(group.options.keys)
                }
                return [
                    try VolumeChanges.checking { () throws(OptionError) in
                        try table.key(for: name)
                    }
                ]
            }
            let held = given.filter { table.entry($0)?.isProtected == true && !force }
            guard held.isEmpty else {
                throw GD2Error(
                    .conflict, "option \(held.joined(separator: ", ")) is protected: add force")
            }
            keys = given
        }
        let standard = CreateOptions.options(for: volume.topology.layout)
        return { [keys] volume in
            var options = volume.options
            let all = options.keys.filter { force || table.entry($0)?.isProtected != true }
            // What every new volume has is what it goes back to.
            for key in keys ?? Array(all) { options[key] = standard[key] }
            let touched = volume.options.keys.filter { options[$0] != volume.options[$0] }
            try checkReset(of: touched, of: volume, leaving: options)
            return Altered(options: options, touched: Set(touched))
        }
    }

    private func checkReset(
        of keys: some Sequence<String>, of volume: Volume, leaving options: [String: String]
    ) throws {
        try VolumeChanges.checking { () throws(OptionError) in
            try table.checkReset(of: keys, of: volume, leaving: options)
        }
    }

    func restarting(_ keys: Set<String>, of volume: Volume) -> [String] {
        guard volume.head.state == .started else { return [] }
        return keys.filter { table.needsBrickRestart($0) }.sorted()
    }

    private func update(
        _ volume: Volume, _ asked: Asked, _ change: (Volume) throws -> Altered
    ) async throws -> [String] {
        let keys = try await mirror.identity(of: store).keys
        let key = keys.volumeOptions(volume.id)
        for _ in 0..<Limits.storeTries {
            let view = mirror.view
            guard let known = view.values[key], let head = view.values[keys.volumeHead(volume.id)]
            else { throw GD2Error(.notFound, "volume \(volume.name) was deleted meanwhile") }
            var stored = try RecordCoding.decode(StoredOptions.self, from: known.value)
            var current = volume
            current.options = stored.options
            let altered = try change(current)
            stored.options = altered.options
            let waiting = restarting(altered.touched, of: volume)
            current.options = altered.options
            let value = try RecordCoding.encode(stored, updating: known.value)
            let result = try await local.write(
                value, at: key,
                if: [
                    .modRevision(key: key, equals: known.modRevision),
                    .createRevision(key: keys.lock("volume/\(volume.name)"), equals: 0),
                    .modRevision(key: keys.volumeHead(volume.id), equals: head.modRevision),
                ] + asked.conditions(keys),
                then: [.put(key: key, value: value)]
                    + asked.keeping(
                        keys,
                        answer: StoredAnswer(
                            status: 200, headers: Self.restartHeader(waiting),
                            json: VolumeShapes(state: cluster.current).info(current))))
            _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
            if result.succeeded { return waiting }
            try await asked.checkUnused(keys, store)
            let object = "volume/\(volume.name)"
            if let held = try await ObjectLock.holder(of: object, store: store) { throw held }
        }
        throw GD2Error(.conflict, "volume \(volume.name) is being changed by others: try again")
    }

    /// Sets options of the whole cluster; all that are set now.
    func setCluster(
        _ changes: [String: String], _ asked: Asked
    ) async throws -> [String: String] {
        try await updateCluster(asked, settingCluster(changes))
    }

    /// Takes options of the whole cluster back; `names` nil: all. What is set then.
    func resetCluster(_ names: [String]?, _ asked: Asked) async throws -> [String: String] {
        try await updateCluster(asked, resettingCluster(names))
    }

    func settingCluster(
        _ changes: [String: String]
    ) throws -> ([String: String]) -> [String: String] {
        guard changes.count <= Limits.optionsAtOnce else {
            throw GD2Error(.tooLarge, "more than \(Limits.optionsAtOnce) options at once")
        }
        guard !changes.isEmpty else {
            throw GD2Error(.invalid, "no option is named: give KEY VALUE pairs")
        }
        var values: [String: String] = [:]
        for (key, value) in changes {
            let (key, value) = try VolumeChanges.checking { () throws(OptionError) in
                try table.validate(key, value, isGlobal: true)
            }
            values[key] = value
        }
        return { [values] options in options.merging(values) { _, new in new } }
    }

    func resettingCluster(
        _ names: [String]?
    ) throws -> ([String: String]) -> [String: String] {
        let keys = try names?.map { name in
            let key = try VolumeChanges.checking { () throws(OptionError) in
                try table.key(for: name)
            }
            guard table.entry(key)?.isGlobal == true else {
                throw GD2Error(.invalid, OptionError.notGlobal(key: key).description)
            }
            return key
        }
        return { options in
            guard let keys else { return [:] }
            return options.filter { !keys.contains($0.key) }
        }
    }

    private func updateCluster(
        _ asked: Asked, _ change: ([String: String]) -> [String: String]
    ) async throws -> [String: String] {
        let keys = try await mirror.identity(of: store).keys
        let key = keys.clusterOptions
        for _ in 0..<Limits.storeTries {
            guard let known = mirror.view.values[key] else {
                throw GD2Error(
                    .unavailable, "the cluster's options are not known yet: is gd2-store up?")
            }
            var stored = try RecordCoding.decode(StoredOptions.self, from: known.value)
            stored.options = change(stored.options)
            let value = try RecordCoding.encode(stored, updating: known.value)
            let result = try await local.write(
                value, at: key,
                if: [.modRevision(key: key, equals: known.modRevision)] + asked.conditions(keys),
                then: [.put(key: key, value: value)]
                    + asked.keeping(
                        keys, answer: StoredAnswer(status: 200, json: stored.options)))
            _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
            if result.succeeded { return stored.options }
            try await asked.checkUnused(keys, store)
        }
        throw GD2Error(.conflict, "the cluster's options are being changed by others: try again")
    }

    /// Says which options wait for a restart of the bricks.
    static func restartHeader(_ keys: [String]) -> [String: String] {
        keys.isEmpty ? [:] : [brickRestartHeader: keys.joined(separator: ",")]
    }

    /// All options, by key, with what is set in `options`.
    func list(_ options: [String: String], isGlobal: Bool) -> [VolumeOptionInfo] {
        var seen: Set<String> = []
        var infos: [VolumeOptionInfo] = []
        for entry in table.entries
        where entry.isGlobal == isGlobal && seen.insert(entry.key).inserted {
            infos.append(info(entry.key, options))
        }
        for key in options.keys where !seen.contains(key) { infos.append(info(key, options)) }
        return infos.sorted { $0.name < $1.name }
    }

    func show(
        _ name: String, _ options: [String: String], isGlobal: Bool
    ) throws -> VolumeOptionInfo {
        let key = try VolumeChanges.checking { () throws(OptionError) in
            let key = try table.key(for: name)
            let isOfCluster = table.entry(key)?.isGlobal ?? false
            if isOfCluster, !isGlobal { throw .global(key: key) }
            if !isOfCluster, isGlobal { throw .notGlobal(key: key) }
            return key
        }
        return explained(key, options)
    }

    /// All options that volumes and the cluster can have, none set, in the map's order.
    func catalogue() -> [VolumeOptionInfo] {
        var seen: Set<String> = []
        return table.entries.filter { seen.insert($0.key).inserted }.map { explained($0.key, [:]) }
    }

    /// With what the option does and takes.
    private func explained(_ key: String, _ options: [String: String]) -> VolumeOptionInfo {
        var info = info(key, options)
        guard let entry = table.entry(key) else { return info }
        info.description = entry.description
        info.accepts = table.kind(of: key)?.expectation
        info.opVersion = entry.opVersion
        info.needsBrickRestart = table.needsBrickRestart(key)
        return info
    }

    private func info(_ key: String, _ options: [String: String]) -> VolumeOptionInfo {
        let standard = table.defaultValue(key) ?? ""
        return VolumeOptionInfo(
            name: key, value: options[key] ?? standard, modified: options[key] != nil,
            defaultValue: standard,
            optionLevel: table.entry(key)?.level ?? "Basic")
    }
}
