/// Why a text is no brick path.
public enum BrickPathError: Error, Equatable, CustomStringConvertible {
    case notAbsolute(String)
    case isRoot
    case dotComponent(String)
    case badCharacter(String)
    case tooLong(bytes: Int, bytesMax: Int)
    case componentTooLong(String, bytesMax: Int)
    case joinedSlash(String)

    public var description: String {
        switch self {
        case .notAbsolute(let path): "brick path \"\(path)\" is not absolute: start it with /"
        case .isRoot: "the brick path / is a whole root file system: name a directory below it"
        case .dotComponent(let path): "brick path \"\(path)\" contains . or ..: write it out"
        case .badCharacter(let path):
            "brick path \"\(path)\" contains a control character, a blank, a comma, "
                + "a quote, a backtick, \\ or #"
        case .tooLong(let bytes, let bytesMax):
            "brick path has \(bytes) bytes, at most \(bytesMax) are possible"
        case .componentTooLong(let component, let bytesMax):
            "brick path component \"\(component)\" is longer than \(bytesMax) bytes"
        case .joinedSlash(let path):
            "brick path \"\(path)\" has an accent without a letter after a /: name the directory "
                + "otherwise"
        }
    }
}

/// The absolute directory on a peer that a brick exports, without doubled or trailing slashes.
///
/// A client asks the port map for a brick by this text alone (`pmap_port_by_brick_req.brick`), so
/// it is unique on a peer.
public struct BrickPath: Hashable, Sendable, CustomStringConvertible {
    /// PATH_MAX less what GlusterFS appends below a brick (`.glusterfs/indices/xattrop/…`).
    public static let bytesMax = 3900
    /// NAME_MAX of Linux.
    public static let componentBytesMax = 255

    public let description: String
    private static let slash = UInt8(ascii: "/")

    public init(validating text: String) throws(BrickPathError) {
        guard text.utf8.first == Self.slash else { throw .notAbsolute(text) }
        // GlusterFS's volfile parser runs what stands between backticks as a command.
        let forbidden = text.utf8.contains {
            $0 <= 0x20 || $0 == 0x7f || ",`\"'\\#".utf8.contains($0)
        }
        guard !forbidden else { throw .badCharacter(text) }
        // Else what looks for "/" by characters, here and elsewhere, would overlook some.
        guard text.count(where: { $0 == "/" }) == text.utf8.count(where: { $0 == Self.slash })
        else { throw .joinedSlash(text) }
        let components = text.split(separator: "/")
        guard !components.isEmpty else { throw .isRoot }
        for component in components {
            guard component != ".", component != ".." else { throw .dotComponent(text) }
            guard component.utf8.count <= Self.componentBytesMax else {
                throw .componentTooLong(String(component), bytesMax: Self.componentBytesMax)
            }
        }
        let canonical = "/" + components.joined(separator: "/")
        guard canonical.utf8.count <= Self.bytesMax else {
            throw .tooLong(bytes: canonical.utf8.count, bytesMax: Self.bytesMax)
        }
        description = canonical
    }

    /// The form in volfile names and file names: no leading slash, the others as dashes
    /// (GlusterFS `GLUSTERD_REMOVE_SLASH_FROM_PATH`).
    public var dashed: String {
        String(description.dropFirst().map { $0 == "/" ? "-" : $0 })
    }

    /// Whether `other` is this directory or lies below it.
    public func contains(_ other: BrickPath) -> Bool {
        other == self || other.description.hasPrefix(description + "/")
    }
}

extension BrickPath: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(validating: container.decode(String.self))
        } catch let error as BrickPathError {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension BrickPath: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
