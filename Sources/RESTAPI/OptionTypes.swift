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

/// One option: `GET /v1/volumes/{name}/options/{option}`, and an element of the list of them and of
/// `GET /v1/options`, the options that there are.
public struct VolumeOptionInfo: Hashable, Sendable, Codable {
    public var name: String
    public var value: String
    /// Whether it is set on the volume.
    public var modified: Bool
    public var defaultValue: String
    /// `Basic`, `Advanced`, `Experimental` or `Deprecated`.
    public var optionLevel: String
    /// The installed xlator's own words; this and what follows not in the lists of what volumes and
    /// the cluster have.
    public var description: String?
    /// What values it takes, in words.
    public var accepts: String?
    /// The lowest op-version of nodes and, where it works in clients, of these.
    public var opVersion: Int?
    /// Bricks take a new value up only when they are restarted.
    public var needsBrickRestart: Bool?

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
        case accepts
        case opVersion = "op-version"
        case needsBrickRestart = "needs-brick-restart"
    }
}

/// The header of a reply to an option change that names the options, separated by commas, which
/// take effect only when the volume's bricks are restarted.
public let brickRestartHeader = "X-Gluster-Needs-Brick-Restart"
/// The store's revision that an answer is of.
public let revisionHeader = "Gd2-Revision"
/// Of an answer that may be old: seconds since the store was last followed, or `unknown`.
public let viewAgeHeader = "Gd2-Age-Seconds"
/// Of an answer that is from before the store was recovered: the epoch that it is in by now.
public let laterEpochHeader = "Gd2-Later-Epoch"
/// Of the answer to a start or stop: the names of nodes that do not answer and follow when they are
/// back, separated by commas.
public let silentNodesHeader = "Gd2-Silent-Nodes"

/// A group of options: an element of `GET /v1/volumes/options-group`, and, with flags that mean
/// nothing here, the body of `POST /v1/volumes/options-group`.
public struct OptionGroupInfo: Hashable, Sendable, Codable {
    public struct Option: Hashable, Sendable, Codable {
        public var name: String
        public var onValue: String

        public init(name: String, onValue: String) {
            self.name = name
            self.onValue = onValue
        }

        enum CodingKeys: String, CodingKey {
            case name
            case onValue = "onvalue"
        }
    }

    public var name: String
    public var options: [Option]
    public var description: String?

    public init(name: String, options: [Option], description: String? = nil) {
        self.name = name
        self.options = options
        self.description = description
    }
}
