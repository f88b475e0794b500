public import GlusterModel

/// What a process asks for in GETSPEC (`gf_getspec_req.key`). A leading `/` counts as nothing.
public enum VolfileID: Hashable, Sendable {
    case client(volume: String)
    /// `VOL.HOST.PATH` with the brick's path dashed. Volume names have no dot, host names may.
    case brick(volume: String, rest: String)
    /// `shd/VOL`: the self-heal daemon's graph of one volume.
    case selfHeal(volume: String)
    case unknown(String)

    /// GD1 refuses longer keys.
    public static let bytesMax = 255

    public init(_ key: String) {
        let text = key.hasPrefix("/") ? String(key.dropFirst()) : key
        guard !text.isEmpty, text.utf8.count < Self.bytesMax else {
            self = .unknown(key)
            return
        }
        if text.hasPrefix("shd/") {
            self = .selfHeal(volume: String(text.dropFirst(4)))
        } else if text.contains("/") {
            self = .unknown(key)
        } else if let dot = text.firstIndex(of: ".") {
            self = .brick(
                volume: String(text[..<dot]), rest: String(text[text.index(after: dot)...]))
        } else {
            self = .client(volume: text)
        }
    }

    /// The name of the volume that it is of.
    public var volume: String? {
        switch self {
        case .client(let volume), .brick(let volume, _), .selfHeal(let volume): volume
        case .unknown: nil
        }
    }

    /// The id that a brick process is started with.
    public static func text(of brick: Brick, in volume: Volume, host: String) -> String {
        "\(volume.head.volfileName).\(host).\(brick.path.dashed)"
    }
}
