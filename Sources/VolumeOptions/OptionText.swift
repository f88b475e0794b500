// How GlusterFS reads the text of a value (libglusterfs common-utils.c, gf_string2*).
extension OptionKind {
    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "on", "yes", "true", "enable": true
        case "0", "off", "no", "false", "disable": false
        default: nil
        }
    }

    /// As strtol(3) with base 0 has it: `0x` is hexadecimal, another leading 0 octal.
    static func integer(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let isHex = digits.lowercased().hasPrefix("0x")
        let (number, radix) =
            isHex ? (digits.dropFirst(2), 16) : (digits, digits.hasPrefix("0") ? 8 : 10)
        guard number.utf8.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") })
        else { return nil }
        let value = Int64((isNegative ? "-" : "") + number, radix: radix)
        // GlusterFS takes a minus for a negative number only.
        return isNegative && value == 0 ? nil : value
    }

    /// Between 0 and 100 with `%`; without it also a size, which is written without a fraction
    /// and without B alone.
    static func percentOrSize(_ text: String) -> Double? {
        if text.hasSuffix("%") { return percent(text) }
        let split = splitUnit(text)
        guard split.unit.isEmpty || !split.number.contains("."), split.unit.uppercased() != "B",
            let size = size(text)
        else { return nil }
        return size == size.rounded() ? size : nil
    }

    /// `*.log:1,*.db:5`.
    static func isPriorityList(_ text: String) -> Bool {
        text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { item in
            let parts = item.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 2, !parts[0].isEmpty else { return false }
            return (integer(String(parts[1])) ?? -1) >= 0
        }
    }

    /// Bytes: a number, maybe with a fraction, and B, KB, MB, GB, TB or PB in either case.
    static func size(_ text: String) -> Double? {
        let split = splitUnit(text)
        let power: Int
        switch split.unit.uppercased() {
        case "", "B": power = 0
        case "KB": power = 1
        case "MB": power = 2
        case "GB": power = 3
        case "TB": power = 4
        case "PB": power = 5
        default: return nil
        }
        guard let number = Double(split.number), number >= 0 else { return nil }
        let bytes = (0..<power).reduce(number) { value, _ in value * 1_024 }
        // GlusterFS counts in 64 bits.
        return bytes < 0x1p64 ? bytes : nil
    }

    static func percent(_ text: String) -> Double? {
        let split = splitUnit(text)
        var (number, unit) = (Double(split.number), split.unit)
        if isHexadecimal(unsigned(text)), let whole = wholeNumber(text) {
            number = whole.value
            unit = whole.unit
        }
        guard unit.isEmpty || unit == "%", let value = number, (0...100).contains(value) else {
            return nil
        }
        return value
    }

    static func seconds(_ text: String) -> Double? {
        guard let (number, unit) = wholeNumber(text) else { return nil }
        switch unit {
        case "", "s", "sec": return number
        case "m", "min": return number * 60
        case "h", "hr": return number * 3_600
        case "d", "days": return number * 86_400
        case "w", "wk": return number * 604_800
        default: return nil
        }
    }

    /// Shell patterns with `*` and `?`, as fnmatch(3) reads them; in steps of the product of the
    /// lengths at most, since patterns come from files that are not ours.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var (next, place) = (0, 0)
        // Where to go on when the last star has to stand for one letter more.
        var retry: (next: Int, place: Int)?
        while place < text.count {
            if next < pattern.count, pattern[next] == star {
                retry = (next + 1, place)
                next += 1
            } else if next < pattern.count, pattern[next] == any || pattern[next] == text[place] {
                (next, place) = (next + 1, place + 1)
            } else if let last = retry {
                retry = (last.next, last.place + 1)
                (next, place) = (last.next, last.place + 1)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == star }
    }

    static func trimmed(_ text: String) -> String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let front = text.drop(while: blank)
        guard let last = front.lastIndex(where: { !blank($0) }) else { return "" }
        return String(front[...last])
    }

    static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }

    /// A minus belongs to no number here, not even to 0.
    private static func splitUnit(_ text: String) -> (number: String, unit: String) {
        let text = unsigned(text)
        let end = text.firstIndex { !($0.isNumber || $0 == ".") } ?? text.endIndex
        return (String(text[..<end]), trimmed(String(text[end...])))
    }

    /// The number that a text begins with, as strtol(3) with base 0 has it, and what follows.
    private static func wholeNumber(_ text: String) -> (value: Double, unit: String)? {
        let text = unsigned(text)
        let isHex = isHexadecimal(text)
        let rest = isHex ? text.dropFirst(2) : text
        let digits = rest.prefix { isHex ? $0.isHexDigit : $0.isNumber }
        let radix = isHex ? 16 : digits.hasPrefix("0") ? 8 : 10
        guard let value = Int64(digits, radix: radix) else { return nil }
        return (Double(value), trimmed(String(rest.dropFirst(digits.count))))
    }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        text.lowercased().hasPrefix("0x")
    }

    private static func unsigned(_ text: String) -> Substring {
        text.hasPrefix("+") ? text.dropFirst() : text[...]
    }
}
