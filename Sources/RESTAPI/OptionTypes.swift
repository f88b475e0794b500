/// `POST /v1/volumes/{name}/options`.
public struct VolOptionReq: Hashable, Sendable, Codable {
    public var options: [String: String]
    public var allowAdvancedOptions: Bool?
    public var allowExperimentalOptions: Bool?
    public var allowDeprecatedOptions: Bool?

    public init(options: [String: String]) { self.options = options }

    enum CodingKeys: String, CodingKey {
        case options
        case allowAdvancedOptions = "allow-advanced-options"
        case allowExperimentalOptions = "allow-experimental-options"
        case allowDeprecatedOptions = "allow-deprecated-options"
    }
}

/// Body of `DELETE /v1/volumes/{name}/options`.
public struct VolOptionResetReq: Hashable, Sendable, Codable {
    public var options: [String]?
    public var force: Bool?
    public var all: Bool?

    public init(options: [String]? = nil, force: Bool? = nil, all: Bool? = nil) {
        self.options = options
        self.force = force
        self.all = all
    }
}

/// One option: `GET /v1/volumes/{name}/options/{option}`, and an element of the list of them.
public struct VolumeOptionInfo: Hashable, Sendable, Codable {
    public var name: String
    public var value: String
    /// Whether it is set on the volume.
    public var modified: Bool
    public var defaultValue: String
    /// `Basic`, `Advanced`, `Experimental` or `Deprecated`.
    public var optionLevel: String
    /// The installed xlator's own words; of one option alone, not in lists.
    public var description: String?

    public init(
        name: String, value: String, modified: Bool, defaultValue: String, optionLevel: String
    ) {
        self.name = name
        self.value = value
        self.modified = modified
        self.defaultValue = defaultValue
        self.optionLevel = optionLevel
    }

    enum CodingKeys: String, CodingKey {
        case name, value, modified, description
        case defaultValue = "default-value"
        case optionLevel = "option-level"
    }
}

/// The header of a reply to an option change that names the options, separated by commas, which
/// take effect only when the volume's bricks are restarted.
public let brickRestartHeader = "X-Gluster-Needs-Brick-Restart"
/// Of an answer that may be old: seconds since the store was last followed, or `unknown`.
public let viewAgeHeader = "X-Gluster-View-Age"
