import FoundationEssentials
import GD2Error

/// Times as people write and read them.
enum TimeText {
    /// `90s`, `30m`, `1h`, `7d`; a bare number is seconds.
    static func seconds(_ text: String) throws(GD2Error) -> Int {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let factor = text.last.flatMap { units[$0] }
        let digits = factor == nil ? text[...] : text.dropLast()
        guard let count = Int(digits), count > 0, count <= 1_000_000 else {
            throw GD2Error(.invalid, "\"\(text)\" is no time: write 90s, 30m, 1h or 7d")
        }
        return count * (factor ?? 1)
    }

    /// Seconds since 1970 as `2026-01-31T23:59:59Z`.
    static func utc(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
    }

    /// A time that passed, in its two greatest units.
    static func short(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        default: "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
        }
    }
}
