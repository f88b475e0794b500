import GD2Error
import RESTAPI
import StoreAPI
import StoreMirror
import VolumeOptions

/// Groups of options: GlusterFS's, and those that somebody made.
struct OptionGroups: Sendable {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let tables: InstalledOptionTable

    /// What a request to set options comes to when the groups in it are taken apart.
    struct Wish {
        var set: [String: String] = [:]
        var reset: [String] = []
    }

    /// `group NAME` as in GD1, or `NAME on` and `NAME off` as in GD2. An option that is named
    /// itself has the value given for it.
    func expanded(_ changes: [String: String]) throws -> Wish {
        var wish = Wish()
        var named: [String: String] = [:]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            if name == "group" {
                guard let group = try group(named: value) else { throw unknown(value) }
                wish.set.merge(group.options) { $1 }
            } else if !isOption(name), let group = try group(named: name) {
                switch value {
                case "on": wish.set.merge(group.options) { $1 }
                case "off": wish.reset += group.options.keys
                default:
                    throw GD2Error(.invalid, "group \(name) can be on or off, not \"\(value)\"")
                }
            } else {
                named[name] = value
            }
        }
        for name in named.keys {
            guard let key = try? tables.current.key(for: name) else { continue }
            wish.set[key] = nil
            wish.reset.removeAll { $0 == key }
        }
        wish.set.merge(named) { $1 }
        wish.reset.removeAll { wish.set[$0] != nil }
        return wish
    }

    func group(named name: String) throws -> OptionGroup? {
        if let group = OptionGroup.builtIn(named: name) { return group }
        guard let keys = mirror.view.identity?.keys,
            let value = mirror.view.values[keys.optionGroup(name)]
        else { return nil }
        let stored = try RecordCoding.decode(StoredOptionGroup.self, from: value.value)
        return OptionGroup(name: name, description: stored.description, options: stored.options)
    }

    /// GlusterFS's, then own ones, each by name.
    func list() throws -> [OptionGroup] {
        guard let prefix = mirror.view.identity?.keys.optionGroups else {
            return OptionGroup.builtIn
        }
        let names = mirror.view.values.below(prefix).map(\.key).sorted()
        return try OptionGroup.builtIn
            + names.compactMap { try group(named: String($0.dropFirst(prefix.count))) }
    }

    /// Makes an own group, whose values are checked as far as that can be done without a volume.
    func create(_ info: OptionGroupInfo, _ asked: Asked) async throws -> OptionGroup {
        let group = try creatable(info)
        let record = StoredOptionGroup(description: group.description, options: group.options)
        let keys = try await mirror.identity(of: store).keys
        let key = keys.optionGroup(info.name)
        let result = try await store.txn(
            if: [.createRevision(key: key, equals: 0)] + asked.conditions(keys),
            then: [.put(key: key, value: try RecordCoding.encode(record))]
                + asked.keeping(keys, answer: StoredAnswer(status: 200, json: group.info)))
        guard result.succeeded else { throw exists(info.name) }
        _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
        return group
    }

    /// The group that `info` asks for, as far as it can be checked without a volume.
    func creatable(_ info: OptionGroupInfo) throws -> OptionGroup {
        guard OptionGroup.isName(info.name), !isOption(info.name) else {
            throw GD2Error(
                .invalid,
                "\"\(info.name)\" is no name of a group: "
                    + "1 to 64 letters, digits, - _ and ., and no option's")
        }
        guard OptionGroup.builtIn(named: info.name) == nil else {
            throw GD2Error(.conflict, "group \(info.name) is one of GlusterFS's own")
        }
        guard !info.options.isEmpty, info.options.count <= Limits.optionsAtOnce else {
            throw GD2Error(.invalid, "a group has 1 to \(Limits.optionsAtOnce) options")
        }
        var options: [String: String] = [:]
        for option in info.options {
            let (key, value) = try VolumeChanges.checking { () throws(OptionError) in
                try tables.current.validate(option.name, option.onValue)
            }
            options[key] = value
        }
        try VolumeChanges.checking { () throws(OptionError) in
            try tables.current.checkSize(of: options)
        }
        let description = info.description ?? ""
        guard description.utf8.count <= Limits.groupDescriptionBytes else {
            throw GD2Error(
                .invalid,
                "the description has \(description.utf8.count) bytes, at most "
                    + "\(Limits.groupDescriptionBytes) are possible")
        }
        return OptionGroup(
            name: info.name, description: description, options: options)
    }

    /// Volumes that had it set keep their options.
    func delete(_ name: String, _ asked: Asked) async throws {
        _ = try deletable(name)
        let keys = try await mirror.identity(of: store).keys
        let result = try await store.txn(
            if: asked.conditions(keys),
            then: [.delete(key: keys.optionGroup(name))]
                + asked.keeping(keys, answer: StoredAnswer(status: 204)))
        if !result.succeeded { try await asked.checkUnused(keys, store) }
        _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
    }

    func deletable(_ name: String) throws -> OptionGroup {
        guard OptionGroup.builtIn(named: name) == nil else {
            throw GD2Error(.invalid, "group \(name) is one of GlusterFS's own and stays")
        }
        guard let group = try group(named: name) else { throw unknown(name) }
        return group
    }

    func exists(_ name: String) -> GD2Error {
        GD2Error(.conflict, "group \(name) exists already: delete it first")
    }

    private func unknown(_ name: String) -> GD2Error {
        GD2Error(.notFound, "no group \(name): glustercli volume group list shows them")
    }

    func isOption(_ name: String) -> Bool {
        (try? tables.current.key(for: name)) != nil
    }
}

extension OptionGroup {
    var info: OptionGroupInfo {
        OptionGroupInfo(
            name: name,
            options: options.sorted { $0.key < $1.key }
                .map { OptionGroupInfo.Option(name: $0.key, onValue: $0.value) },
            description: description)
    }
}
