/// One option as an xlator itself describes it (GlusterFS options.h, `volume_option_t`).
public struct XlatorOption: Hashable, Sendable, Codable {
    /// Which bounds GlusterFS checks (`opt_validate_type_t`).
    public enum Check: String, Sendable, Codable { case both, min, max }
    /// How well it is meant to be known (`opt_level_t`).
    public enum Level: String, Sendable, Codable {
        case advanced, basic, experimental, deprecated
    }
    /// `OPT_FLAG_…`.
    public enum Flag: String, Sendable, Codable, CaseIterable {
        case settable, client, global, force, document, range
        case neverReset = "never_reset"
    }

    /// The name and its other spellings; each may be a shell pattern.
    public var keys: [String]
    public var type: OptionKind.Value
    /// nil: no bound. GlusterFS checks none where both are 0, unless `check` names one.
    public var minimum: Double?
    public var maximum: Double?
    public var check: Check
    /// Shell patterns; empty: whatever the type accepts.
    public var allowed: [String]
    public var defaultValue: String?
    public var description: String?
    public var opVersions: [UInt32]
    public var deprecatedSince: [UInt32]
    public var flags: [Flag]
    public var level: Level

    public init(keys: [String], type: OptionKind.Value) {
        self.keys = keys
        self.type = type
        (check, allowed) = (.both, [])
        (opVersions, deprecatedSince, flags, level) = ([], [], [], .advanced)
    }

    enum CodingKeys: String, CodingKey {
        case keys, type, check, allowed, description, flags, level
        case minimum = "min"
        case maximum = "max"
        case defaultValue = "default"
        case opVersions = "op-versions"
        case deprecatedSince = "deprecated-since"
    }

    /// What values it takes. Of integers alone GlusterFS looks at `check` (options.c).
    public var kind: OptionKind {
        OptionKind(
            name: type.rawValue, minimum: minimum, maximum: maximum,
            range: (type == .int ? check : .both).rawValue, allowed: allowed)
    }

    /// Also by a pattern such as `auth.addr.*.allow`.
    public func isNamed(_ name: String) -> Bool {
        keys.contains(name) || keys.contains { OptionKind.matches($0, name) }
    }
}

/// The options that the xlators of one GlusterFS have.
public struct InstalledOptions: Hashable, Sendable {
    /// By the xlator's type, `cluster/replicate` and the like.
    public let xlators: [String: [XlatorOption]]

    public init(xlators: [String: [XlatorOption]]) { self.xlators = xlators }

    /// The xlator's own option of this name, or that of the transport it carries.
    public func option(_ name: String, of xlator: String) -> XlatorOption? {
        let own = xlators[xlator] ?? []
        // protocol/server takes `transport.*` and leaves the rest to the transport.
        let carried = Self.carriers.contains(xlator) ? xlators[Self.transport] ?? [] : []
        return (own + carried).first { $0.keys.contains(name) }
            ?? (own + carried).first { $0.isNamed(name) }
    }

    public static let transport = "rpc-transport/socket"
    /// Xlators that hand options on to the transport.
    public static let carriers: Set<String> = ["protocol/client", "protocol/server"]
}
