/// What values an option takes (GlusterFS options.h, `volume_option_type_t`), and how it writes
/// them.
public struct OptionKind: Hashable, Sendable {
    public enum Value: String, Sendable, Codable {
        case any, str, int, sizet, percent, bool, xlator, path, time, double
        case percentOrSize = "percent_or_sizet"
        case address = "internet_address"
        case addressList = "internet_address_list"
        case priorityList = "priority_list"
        case sizeList = "size_list"
        case clientAuthAddress = "client_auth_addr"
    }

    public var value: Value
    /// Bounds, both inclusive; of a size in bytes, of a time in seconds.
    public var minimum: Double?
    public var maximum: Double?
    public var allowed: [String]
    /// What a text of a form of its own has to be (`OptionSpecials.isForm`).
    var form: String?

    public init(
        name: String, minimum: Double?, maximum: Double?, range: String, allowed: [String]
    ) {
        value = Value(rawValue: name) ?? .any
        // GlusterFS's table says "no range" as minimum = maximum = 0 with both checked.
        let both = range == "both"
        let none = both && minimum == maximum
        self.minimum = !none && (both || range == "min") ? minimum : nil
        self.maximum = !none && (both || range == "max") ? maximum : nil
        self.allowed = allowed
    }

    init(name: String, minimum: Double?, maximum: Double?, range: String, values: [String]) {
        self.init(name: name, minimum: minimum, maximum: maximum, range: range, allowed: values)
    }

    /// The text to store for `text`; nil when it is not accepted.
    public func canonical(_ text: String) -> String? {
        let text = Self.trimmed(text)
        guard !text.isEmpty, text.utf8.allSatisfy(Self.isSafe), !Self.keywords.contains(text)
        else { return nil }
        if value != .bool, !allowed.isEmpty {
            let found = allowed.first { $0 == text }
            return found ?? (allowed.contains { Self.matches($0, text) } ? text : nil)
        }
        switch value {
        case .bool: return Self.bool(text).map { $0 ? "on" : "off" }
        case .int: return Self.integer(text).flatMap { inRange(Double($0)) ? text : nil }
        case .double: return Double(text).flatMap { $0.isFinite && inRange($0) ? text : nil }
        case .sizet: return Self.size(text).flatMap { inRange($0) ? text : nil }
        case .percent: return Self.percent(text).flatMap { inRange($0) ? text : nil }
        case .percentOrSize:
            return Self.percentOrSize(text).flatMap { inRange($0) ? text : nil }
        case .priorityList: return Self.isPriorityList(text) ? text : nil
        case .addressList, .clientAuthAddress: return Self.isAddressList(text) ? text : nil
        case .time: return Self.seconds(text).flatMap { inRange($0) ? text : nil }
        case .path:
            let bytes = text.utf8
            return bytes.starts(with: "/".utf8) && !bytes.contains("../".utf8) ? text : nil
        case .any, .str, .xlator, .address, .sizeList: return text
        }
    }

    /// The words of a volfile's language (graph.l): as a value each is a syntax error.
    private static let keywords: Set<String> = [
        "volume", "type", "option", "subvolumes", "subvolumeS", "end-volume",
    ]

    /// Whether a byte can stand in a volfile's value. GlusterFS's parser ends a value at a blank,
    /// and runs what stands between backticks as a command of root's.
    static func isSafe(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7f && !"`\"'\\#".utf8.contains(byte)
    }

    /// What would be accepted, for the message of a refusal.
    public var expectation: String {
        if let form { return form }
        if value != .bool, !allowed.isEmpty { return "one of " + allowed.joined(separator: ", ") }
        let bounds: String
        switch (minimum, maximum) {
        case (let low?, let high?): bounds = " from \(Self.text(low)) to \(Self.text(high))"
        case (let low?, nil): bounds = " of at least \(Self.text(low))"
        case (nil, let high?): bounds = " of at most \(Self.text(high))"
        case (nil, nil): bounds = ""
        }
        switch value {
        case .bool: return "on or off"
        case .int: return "a whole number" + bounds
        case .double: return "a number" + bounds
        case .sizet: return "a size such as 64MB" + bounds + " (bytes)"
        case .percent: return "a percentage from 0% to 100%"
        case .percentOrSize: return "a percentage or a size such as 10% or 64MB"
        case .time: return "a time such as 30s, 5min or 2hr" + bounds + " (seconds)"
        case .path: return "an absolute path without .."
        case .address: return "a host name or address"
        case .addressList, .clientAuthAddress:
            return "a list of addresses, separated by commas, without blanks"
        case .priorityList: return "a list such as *.log:1,*.db:5"
        case .sizeList: return "a list of sizes"
        case .any, .str, .xlator: return "a text without blanks, quotes, backticks, \\ and #"
        }
    }

    private func inRange(_ number: Double) -> Bool {
        number >= (minimum ?? -.infinity) && number <= (maximum ?? .infinity)
    }
}
