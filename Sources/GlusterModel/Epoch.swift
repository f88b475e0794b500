/// Counts the restores, recoveries and joins of a cluster's store. Whatever leaves the store
/// carries it; a different epoch means that everything known before is to be listed anew.
public struct Epoch: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let number: UInt64

    public init(_ number: UInt64) { self.number = number }

    public var description: String { String(number) }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    public init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

/// What makes a step's command refusable when it comes from a coordinator that lost its lock:
/// compared as (epoch, token), the greater one being newer.
public struct FencingToken: Hashable, Sendable, Codable, Comparable {
    public let epoch: Epoch
    /// The create revision of the lock's key.
    public let token: Int64

    public init(epoch: Epoch, token: Int64) {
        self.epoch = epoch
        self.token = token
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.token) < (right.epoch, right.token)
    }
}
