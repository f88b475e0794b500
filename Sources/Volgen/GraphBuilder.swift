import GlusterModel
import Volfile
import VolumeOptions

/// A graph being built, bottom to top.
struct GraphBuilder {
    let volume: Volume
    let context: VolgenContext
    let table: OptionTable
    private(set) var xlators: [Xlator] = []
    /// Above which types debug xlators may be put, and the word of `debug.*` for the place.
    var debugPositions: [String: String] = [:]

    init(volume: Volume, context: VolgenContext, table: OptionTable) {
        self.volume = volume.openingBeforeReading
        self.context = context
        self.table = table
    }

    /// The V of `V-client-0`.
    var name: String { volume.head.volfileName.description }

    /// The set value of an option.
    func set(_ key: String) -> String? { volume.options[key] }

    /// The set value or the one that the map always writes.
    func value(_ key: String) -> String? { volume.options[key] ?? table.mapDefault(key) }

    func isOn(_ key: String) -> Bool {
        switch value(key) {
        case "on", "enable", "yes", "true", "1": true
        default: false
        }
    }

    mutating func add(_ xlator: Xlator) {
        xlators.append(xlator)
        if let position = debugPositions[xlator.type] { addDebug(at: position) }
    }

    /// Puts `V-<suffix>` of `type` over the topmost xlator, with what `build` and then the option
    /// map give it.
    mutating func stack(
        _ type: String, suffix: String? = nil,
        _ build: (inout Xlator, GraphBuilder) -> Void = { _, _ in }
    ) {
        let tail = suffix ?? String(type.split(separator: "/").last ?? "")
        stack(named: "\(name)-\(tail)", type, build)
    }

    mutating func stack(
        named name: String, _ type: String,
        _ build: (inout Xlator, GraphBuilder) -> Void = { _, _ in }
    ) {
        var xlator = Xlator(name, type, subvolumes: xlators.last.map { [$0.name] } ?? [])
        let graph = self
        build(&xlator, graph)
        applyMap(to: &xlator)
        add(xlator)
    }

    /// All entries of the map for this type of xlator, in map order, that are set or have a
    /// default. A few are the self-heal daemon's alone.
    func applyMap(
        to xlator: inout Xlator, forSelfHeal: Bool = false, forced: [String: String] = [:]
    ) {
        for entry in table.entries where entry.xlator == xlator.type {
            if let option = Self.selfHealOptions[entry.key] {
                let value = set(entry.key) ?? (option == "self-heal-daemon" ? "enable" : nil)
                let isWritten = forSelfHeal || (entry.option != nil && set(entry.key) != nil)
                if isWritten, let value { xlator[option] = value }
                continue
            }
            let fixed = forSelfHeal ? Self.forcedForSelfHeal[entry.key] : forced[entry.key]
            guard let option = entry.option,
                let value = fixed ?? set(entry.key) ?? entry.mapDefault
            else { continue }
            xlator[option] = value
        }
    }

    /// What is set of these is for clients: a daemon that healed nothing would be none.
    private static let forcedForSelfHeal = [
        "cluster.background-self-heal-count": "0", "cluster.metadata-self-heal": "on",
        "cluster.data-self-heal": "on", "cluster.entry-self-heal": "on",
    ]
    private static let selfHealOptions = [
        "cluster.self-heal-daemon": "self-heal-daemon",
        "cluster.disperse-self-heal-daemon": "self-heal-daemon",
        "cluster.heal-timeout": "heal-timeout",
    ]

    func host(of brick: Brick) throws(VolgenError) -> String {
        guard let host = context.hosts[brick.peer] else {
            throw .unknownPeer(brick.peer, volume: volume.name)
        }
        return host
    }

    func host(of arbiter: ThinArbiter) throws(VolgenError) -> String {
        switch arbiter {
        case .brick(let brick): try host(of: brick)
        case .elsewhere(let host, _): host
        }
    }

    /// Log settings of one side (`brick` or `client`), and its io-stats threads.
    func applyLogging(_ side: String, to xlator: inout Xlator) {
        for (option, key) in [
            ("log-level", "log-level"), ("sys-log-level", "sys-log-level"), ("logger", "logger"),
            ("log-format", "log-format"), ("log-buf-size", "log-buf-size"),
            ("log-flush-timeout", "log-flush-timeout"),
        ] {
            if let value = value("diagnostics.\(side)-\(key)") { xlator[option] = value }
        }
        if let threads = value("config.\(side)-threads") { xlator["threads"] = threads }
    }

    /// Certificates and the like, also where TLS is off.
    func applyTLS(to xlator: inout Xlator) {
        for (key, option) in [
            ("ssl.own-cert", "ssl-own-cert"), ("ssl.private-key", "ssl-private-key"),
            ("ssl.ca-list", "ssl-ca-list"), ("ssl.crl-path", "ssl-crl-path"),
            ("ssl.certificate-depth", "ssl-cert-depth"), ("ssl.cipher-list", "ssl-cipher-list"),
            ("ssl.dh-param", "ssl-dh-param"), ("ssl.ec-curve", "ssl-ec-curve"),
        ] {
            if let value = set(key) { xlator["transport.socket.\(option)"] = value }
        }
    }
}

extension Volume {
    /// Squashed users would read files through open-behind that they may not open.
    fileprivate var openingBeforeReading: Volume {
        guard ["on", "yes", "true", "enable", "1"].contains(options["server.root-squash"])
        else { return self }
        var volume = self
        volume.options["performance.read-after-open"] = "yes"
        return volume
    }
}
