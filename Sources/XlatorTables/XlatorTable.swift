import FoundationEssentials
public import VolumeOptions

/// Why a table is not used.
public enum XlatorTableError: Error, Equatable, CustomStringConvertible {
    case tooLong(bytes: Int)
    case damaged(String)
    case format(String)
    case outOfBounds(String, xlator: String)
    case repeated(xlator: String)

    public var description: String {
        switch self {
        case .tooLong(let bytes): "it is longer than \(bytes) bytes"
        case .damaged(let why): "it is damaged: \(why)"
        case .format(let found): "its format is \"\(found)\", not \"\(XlatorTable.format)\""
        case .outOfBounds(let what, let xlator): "\(what) of xlator \(xlator) is out of bounds"
        case .repeated(let xlator): "xlator \(xlator) is there twice"
        }
    }
}

/// What `gd2-rest xlator-tables` prints: the options of all xlators in a folder.
public struct XlatorTable: Hashable, Sendable, Codable {
    public struct Xlator: Hashable, Sendable, Codable {
        /// `cluster/afr`.
        public var name: String
        /// `cluster/replicate`: links to the same file.
        public var aliases: [String]
        public var options: [XlatorOption]

        public init(name: String, aliases: [String] = [], options: [XlatorOption]) {
            self.name = name
            self.aliases = aliases
            self.options = options
        }
    }

    /// A file that could not be read.
    public struct Failure: Hashable, Sendable, Codable {
        public var xlator: String
        public var error: String
    }

    static let format = "gd2-xlator-table-1"
    public var format = Self.format
    /// The folder that was read.
    public var folder: String
    /// In order of name.
    public var xlators: [Xlator]
    public var failures: [Failure]
    /// Options of the xlators that no volume option sets; for a reader's eyes.
    public var unmapped: [String]

    public init(folder: String, xlators: [Xlator], failures: [Failure]) {
        self.folder = folder
        self.xlators = xlators
        self.failures = failures
        unmapped = Self.unmapped(xlators)
    }

    /// `cluster/afr.locking-scheme` for each option that no volume option sets.
    private static func unmapped(_ xlators: [Xlator]) -> [String] {
        let mapped = Dictionary(grouping: OptionTable.standard.entries, by: \.xlator)
        return xlators.flatMap { xlator in
            var names = [xlator.name] + xlator.aliases
            if xlator.name == InstalledOptions.transport { names += InstalledOptions.carriers }
            let entries = names.flatMap { mapped[$0] ?? [] }
            return xlator.options.filter { option in
                !entries.contains { option.isNamed($0.xlatorOption) }
            }.map { "\(xlator.name).\($0.keys.first ?? "")" }
        }.sorted()
    }

    /// By each name that a volfile can use.
    public var options: InstalledOptions {
        var xlators: [String: [XlatorOption]] = [:]
        for xlator in self.xlators {
            for name in [xlator.name] + xlator.aliases { xlators[name] = xlator.options }
        }
        return InstalledOptions(xlators: xlators)
    }

    /// Reads what ``bytes()`` wrote. Nothing of it is believed before all was checked.
    public init(parsing bytes: [UInt8]) throws(XlatorTableError) {
        guard bytes.count <= Limits.tableBytes else { throw .tooLong(bytes: Limits.tableBytes) }
        let table: XlatorTable
        do { table = try JSONDecoder().decode(XlatorTable.self, from: Data(bytes)) } catch {
            throw .damaged(by: error)
        }
        guard table.format == Self.format else { throw .format(table.format) }
        try table.check()
        self = table
    }

    /// JSON with sorted keys.
    public func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    private func check() throws(XlatorTableError) {
        guard xlators.count + failures.count <= Limits.filesMax else {
            throw .outOfBounds("the number", xlator: folder)
        }
        var seen: Set<String> = []
        for failure in failures {
            guard failure.error.utf8.count <= 4 * Limits.failureTextBytes else {
                throw .outOfBounds("the error", xlator: failure.xlator)
            }
        }
        for xlator in xlators {
            for name in [xlator.name] + xlator.aliases {
                guard seen.insert(name).inserted else { throw .repeated(xlator: name) }
                guard Self.isName(name) else { throw .outOfBounds("the name", xlator: name) }
            }
            try xlator.check()
        }
    }

    /// `meta`, `cluster/replicate`.
    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2
            && parts.allSatisfy { part in
                (1...64).contains(part.utf8.count) && part.first != "."
                    && part.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                            UInt8(ascii: "_"), UInt8(ascii: "."):
                            true
                        default: false
                        }
                    }
            }
    }
}

extension XlatorTableError {
    /// By bytes: a character may be a letter with a thousand accents.
    fileprivate static func damaged(by error: any Error) -> XlatorTableError {
        .damaged(
            String(decoding: "\(error)".utf8.prefix(Limits.failureTextBytes), as: UTF8.self))
    }
}

extension XlatorTable.Xlator {
    /// Also of one that a foreign library may have had its hands on.
    init(parsing bytes: [UInt8]) throws(XlatorTableError) {
        guard bytes.count <= Limits.xlatorBytes else { throw .tooLong(bytes: Limits.xlatorBytes) }
        do { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
            throw .damaged(by: error)
        }
        try check()
    }

    func check() throws(XlatorTableError) {
        guard options.count <= Limits.optionsPerXlator else {
            throw .outOfBounds("the number of options", xlator: name)
        }
        for option in options {
            guard (1...4).contains(option.keys.count), option.keys.allSatisfy({ !$0.isEmpty }),
                option.allowed.count <= Limits.valuesPerOption,
                option.opVersions.count <= 4, option.deprecatedSince.count <= 4,
                option.flags.count <= XlatorOption.Flag.allCases.count,
                (option.minimum ?? 0).isFinite, (option.maximum ?? 0).isFinite
            else { throw .outOfBounds("option \(option.keys.first ?? "")", xlator: name) }
            let strings =
                option.keys + option.allowed + [
                    option.defaultValue ?? "", option.description ?? "",
                ]
            guard strings.allSatisfy({ $0.utf8.count <= Limits.stringBytes }) else {
                throw .outOfBounds("a text of option \(option.keys[0])", xlator: name)
            }
        }
    }
}
