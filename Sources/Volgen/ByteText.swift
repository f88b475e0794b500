/// Sizes as options have them.
enum ByteText {
    static func bytes(_ text: String) -> UInt64? {
        let text = text.hasPrefix("+") ? text.dropFirst() : text[...]
        let digits = text.prefix { $0.isNumber }
        guard let number = UInt64(digits) else { return nil }
        switch text.dropFirst(digits.count).uppercased() {
        case "", "B": return number
        case "KB": return number << 10
        case "MB": return number << 20
        case "GB": return number << 30
        default: return nil
        }
    }
}
