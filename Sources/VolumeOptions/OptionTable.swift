public import GlusterModel

/// Why an option is refused.
public enum OptionError: Error, Equatable, CustomStringConvertible {
    case unknown(key: String, similar: [String])
    case badValue(key: String, value: String, expected: String)
    case global(key: String)
    case notGlobal(key: String)
    case readOnly(key: String)
    case notMade(key: String, feature: String)
    case harmful(key: String, harm: String)
    case notHere(key: String, value: String, volume: VolumeName, reason: String)
    case twice(key: String)
    case longKey(bytes: Int)
    case longValue(key: String, bytes: Int)
    case tooMuch(bytes: Int)

    public var description: String {
        switch self {
        case .unknown(let key, let similar):
            "option \(key) is not known"
                + (similar.isEmpty
                    ? ": glustercli volume get VOLUME all lists them"
                    : ": did you mean \(similar.joined(separator: ", "))?")
        case .badValue(let key, let value, let expected):
            "option \(key) cannot be \"\(Self.shown(value))\": it takes \(expected)"
        case .global(let key):
            "option \(key) is of the whole cluster: set it with glustercli volume set all \(key) …"
        case .notGlobal(let key): "option \(key) is of one volume: name the volume instead of all"
        case .readOnly(let key): "option \(key) is only shown: it goes by what the nodes can do"
        case .notMade(let key, let feature):
            "option \(key) is for \(feature), which gd2 does not have"
        case .harmful(let key, let harm):
            "option \(key) stays off: with GlusterFS 10.3 \(harm)"
        case .notHere(let key, let value, let volume, let reason):
            "option \(key) cannot be \"\(Self.shown(value))\" on volume \(volume): \(reason)"
        case .twice(let key): "option \(key) is given twice"
        case .longKey(let bytes):
            "an option's name has \(bytes) bytes, at most \(OptionTable.keyBytesMax) are possible"
        case .longValue(let key, let bytes):
            "option \(key) cannot have \(bytes) bytes: at most \(OptionTable.valueBytesMax) are "
                + "possible"
        case .tooMuch(let bytes):
            "the options would have \(bytes) bytes together, at most "
                + "\(OptionTable.allBytesMax) are possible: reset some (glustercli volume get "
                + "VOLUME modified)"
        }
    }

    private static func shown(_ value: String) -> String {
        value.utf8.count <= 256
            ? value : String(decoding: value.utf8.prefix(64), as: UTF8.self) + "…"
    }
}

/// The options that volumes can have, by GD1's keys.
public struct OptionTable: Sendable {
    static let keyBytesMax = 255
    static let valueBytesMax = 64 * 1_024
    /// Keys and values of one volume or group together. They are one record, and a Txn of etcd's
    /// takes 1.5 MiB with the answer that is kept beside it.
    static let allBytesMax = 512 * 1_024

    /// In map order.
    public let entries: [OptionEntry]
    private let byKey: [String: [Int]]
    /// `performance/io-cache.cache-size`, `io-cache.cache-size` (GD2) and the like → GD1's key.
    private let byXlatorOption: [String: String]

    /// GlusterFS 10.3's map.
    public static let standard = OptionTable(entries: OptionRows.all)

    public init(entries: [OptionEntry]) {
        self.entries = entries
        var byKey: [String: [Int]] = [:]
        var byXlatorOption: [String: String] = [:]
        for (index, entry) in entries.enumerated() {
            byKey[entry.key, default: []].append(index)
            for name in XlatorNames.spellings(of: entry) where byXlatorOption[name] == nil {
                byXlatorOption[name] = entry.key
            }
        }
        self.byKey = byKey
        self.byXlatorOption = byXlatorOption
    }

    /// GD1's key for a key in any accepted spelling: itself, GD2's `category/xlator.option`, or
    /// what follows the first dot alone where only one key has that.
    public func key(for name: String) throws(OptionError) -> String {
        guard name.utf8.count <= Self.keyBytesMax else { throw .longKey(bytes: name.utf8.count) }
        if byKey[name] != nil { return name }
        if let key = byXlatorOption[name] { return key }
        if name.hasPrefix("user."), name.count > 5,
            name.utf8.allSatisfy({ OptionKind.isSafe($0) && $0 != UInt8(ascii: "=") })
        {
            return name
        }
        if !name.contains(".") {
            let ending = byKey.keys.filter { $0.drop { $0 != "." }.dropFirst() == name }
            if ending.count == 1, let key = ending.first { return key }
            guard ending.isEmpty else {
                throw .unknown(key: name, similar: Array(ending.sorted().prefix(5)))
            }
        }
        throw .unknown(key: name, similar: similar(to: name))
    }

    /// The first entry of a key; nil for `user.*`.
    public func entry(_ key: String) -> OptionEntry? { byKey[key]?.first.map { entries[$0] } }

    /// What values a key takes; nil for `user.*`.
    public func kind(of key: String) -> OptionKind? { kinds(of: key).first }

    /// Of a key that is of several xlators, of each.
    private func kinds(of key: String) -> [OptionKind] {
        if let kind = OptionSpecials.kinds[key] { return [kind] }
        return (byKey[key] ?? []).map { entries[$0].kind }
    }

    /// The entries of a key: one for each xlator that it is of.
    func entries(of key: String) -> [OptionEntry] { (byKey[key] ?? []).map { entries[$0] } }

    /// Key and value as they are stored.
    public func validate(
        _ name: String, _ value: String, isGlobal: Bool = false
    ) throws(OptionError) -> (key: String, value: String) {
        let key = try key(for: name)
        guard value.utf8.count <= Self.valueBytesMax else {
            throw .longValue(key: key, bytes: value.utf8.count)
        }
        guard let entry = entry(key) else {
            guard !isGlobal else { throw .notGlobal(key: key) }
            guard !key.hasPrefix("user.xlator.") else {
                throw .notMade(key: key, feature: "xlators that are not GlusterFS's")
            }
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw .badValue(key: key, value: value, expected: "a text of one line")
            }
            return (key, value)
        }
        if OptionSpecials.readOnly.contains(key) { throw .readOnly(key: key) }
        if entry.isGlobal, !isGlobal { throw .global(key: key) }
        if !entry.isGlobal, isGlobal { throw .notGlobal(key: key) }
        let accepted = kinds(of: key).lazy.compactMap { $0.canonical(value) }.first
        guard let canonical = accepted, OptionSpecials.isForm(key, canonical) else {
            let expected = kind(of: key)?.expectation ?? ""
            throw .badValue(key: key, value: value, expected: expected)
        }
        if let feature = OptionSpecials.notMade[key], OptionKind.bool(canonical) != false {
            throw .notMade(key: key, feature: feature)
        }
        if let harm = OptionSpecials.harms[key], OptionKind.bool(canonical) != false {
            throw .harmful(key: key, harm: harm)
        }
        if let feature = OptionSpecials.ofNotMade[key] {
            throw .notMade(key: key, feature: feature)
        }
        return (key, canonical)
    }

    /// Throws where `options` are more than one record takes.
    public func checkSize(of options: [String: String]) throws(OptionError) {
        let bytes = options.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard bytes <= Self.allBytesMax else { throw .tooMuch(bytes: bytes) }
    }

    /// Whether a brick has to be restarted before it uses a new value: what changes a brick's
    /// graph, or is read once.
    public func needsBrickRestart(_ key: String) -> Bool {
        OptionSpecials.restartKeys.contains(key)
    }

    /// The value that is written into volfiles though nobody set it; nil for none.
    public func mapDefault(_ key: String) -> String? {
        byKey[key]?.lazy.compactMap { entries[$0].mapDefault }.first
    }

    /// What a volume uses when nobody set the option.
    public func defaultValue(_ key: String) -> String? {
        mapDefault(key) ?? byKey[key]?.lazy.compactMap { entries[$0].xlatorDefault }.first
    }

    /// Above which xlator debug xlators can be put.
    public static let debugPositions = [
        "client", "posix", "arbiter", "trash", "changelog", "bitrot-stub", "locks", "leases",
        "upcall", "io-threads", "selinux", "marker", "index", "quota", "namespace", "sdfs",
    ]

    /// At most three keys that may be meant: with the same last part, or with one that differs in
    /// up to two letters. A name without a dot is a last part alone.
    private func similar(to name: String) -> [String] {
        let tail = name.split(separator: ".").last.map(String.init) ?? name
        let isShort = !name.contains(".")
        let near = byKey.keys.filter { key in
            if key.hasSuffix("." + tail) { return true }
            return Self.isNear(isShort ? String(key.drop { $0 != "." }.dropFirst()) : key, name)
        }
        return Array(near.sorted().prefix(3))
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
