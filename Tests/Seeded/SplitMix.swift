/// SplitMix64: the same row of numbers for the same seed, on every machine.
public struct SplitMix: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

extension SplitMix {
    /// `bytes` with a few places changed, cut out, put in or doubled.
    public mutating func bend(_ bytes: [UInt8]) -> [UInt8] {
        var bent = bytes
        for _ in 0..<Int.random(in: 1...5, using: &self) where !bent.isEmpty {
            let place = Int.random(in: 0..<bent.count, using: &self)
            let end = min(bent.count, place + Int.random(in: 1...12, using: &self))
            switch next() % 5 {
            case 0: bent[place] = UInt8(truncatingIfNeeded: next())
            case 1: bent[place] ^= 1 << UInt8(next() % 8)
            case 2: bent.removeSubrange(place..<end)
            case 3: bent.insert(contentsOf: self.bytes(end - place), at: place)
            default: bent.insert(contentsOf: bent[place..<end], at: place)
            }
        }
        return bent
    }
}
