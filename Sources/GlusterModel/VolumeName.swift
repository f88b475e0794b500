/// Why a text is no volume name.
public enum VolumeNameError: Error, Equatable, CustomStringConvertible {
    case empty
    case badCharacter(String)
    case tooLong(bytes: Int)
    case reserved(String)

    public var description: String {
        switch self {
        case .empty: "a volume needs a name of letters, digits, - and _"
        case .badCharacter(let name):
            "volume name \"\(name)\" may contain letters, digits, - and _ only"
        case .tooLong(let bytes):
            "volume name has \(bytes) bytes, at most \(VolumeName.bytesMax) are possible"
        case .reserved(let name): "volume name \"\(name)\" is reserved: choose another"
        }
    }
}

/// A volume's name: `^[a-zA-Z0-9_-]+$`, at most 220 bytes so that volfile names fit in a file name.
public struct VolumeName: Hashable, Sendable, CustomStringConvertible, Comparable {
    public static let bytesMax = 220
    /// `all` is GD1's word for cluster-wide options; `options-group` is a path element of the REST
    /// API; the others are words of a volfile's language (graph.l), whose top has this name.
    public static let reserved: Set<String> = [
        "all", "options-group", "volume", "type", "option", "subvolumes", "subvolumeS",
        "end-volume",
    ]

    public let description: String

    public init(validating text: String) throws(VolumeNameError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.bytesMax else { throw .tooLong(bytes: text.utf8.count) }
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard allowed else { throw .badCharacter(text) }
        guard !Self.reserved.contains(text) else { throw .reserved(text) }
        description = text
    }

    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension VolumeName: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(validating: container.decode(String.self))
        } catch let error as VolumeNameError {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
