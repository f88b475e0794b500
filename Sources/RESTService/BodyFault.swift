import FoundationEssentials

/// What is wrong with a body, in the words of who wrote it.
enum BodyFault {
    static func text(_ error: DecodingError, _ body: Data) -> String {
        if case .dataCorrupted(let context) = error, context.codingPath.isEmpty {
            return "the body is not as it should be: \(unreadable(body))"
        }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            if context.codingPath.isEmpty { return "the body has to be a JSON object" }
        case .keyNotFound, .dataCorrupted: break
        @unknown default: break
        }
        return "the body is not as it should be: \(inField(error, body))"
    }

    private static func inField(_ error: DecodingError, _ body: Data) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            let place = path(context)
            return "field \(place.isEmpty ? "" : place + ".")\(key.stringValue) is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "field \(path(context)) has to be \(word(type))"
        case .dataCorrupted(let context):
            let (field, odd) = (path(context), NumberScanner.oddNumber(in: body))
            return "field \(field) \(field == odd ? inRange : "is damaged")"
        @unknown default: return "it cannot be read"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        context.codingPath.map { key in
            if let index = key.intValue { "\(index)" } else { key.stringValue }
        }.joined(separator: ".")
    }

    private static func word(_ type: Any.Type) -> String {
        if type is any BinaryInteger.Type { return "a whole number" }
        if type == Bool.self { return "true or false" }
        if type is any ExpressibleByDictionaryLiteral.Type { return "a JSON object" }
        if type is any ExpressibleByArrayLiteral.Type { return "a list" }
        return "a \(type)"
    }

    private struct AnyJSON: Decodable {
        init(from _: any Decoder) throws {}
    }

    /// JSONDecoder says the same, and no place, of what is no JSON and of a number that its field
    /// cannot hold.
    private static func unreadable(_ body: Data) -> String {
        guard (try? JSONDecoder().decode(AnyJSON.self, from: body)) != nil else {
            return "it is no JSON"
        }
        guard let field = NumberScanner.oddNumber(in: body) else {
            return "it is no JSON, or a number in it is out of range"
        }
        return "field \(field) \(inRange)"
    }

    private static let inRange = "has to be a whole number from \(Int.min) to \(Int.max)"
}

/// Finds numbers in a text that is JSON.
struct NumberScanner {
    private enum Place {
        case key(String)
        case index(Int)
    }

    private let bytes: [UInt8]
    private var position = 0
    private var places: [Place] = []

    /// Where the first number stands that is no whole one, or too large for one: keys and indices
    /// with points between. Nil without one.
    static func oddNumber(in text: Data) -> String? {
        var scanner = NumberScanner(bytes: Array(text))
        return scanner.firstOddNumber()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func firstOddNumber() -> String? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): places.append(.key(""))
            case UInt8(ascii: "["): places.append(.index(0))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = places.popLast()
            case UInt8(ascii: ","): goToNextElement()
            case UInt8(ascii: "\""):
                readText()
                continue
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let number = readNumber()
                if Self.isOdd(number) { return path }
                continue
            default: break
            }
            position += 1
        }
        return nil
    }

    private var path: String {
        places.map { place in
            switch place {
            case .key(let key): key
            case .index(let index): "\(index)"
            }
        }.joined(separator: ".")
    }

    private mutating func goToNextElement() {
        guard case .index(let index)? = places.last else { return }
        places[places.count - 1] = .index(index + 1)
    }

    /// A text before a colon is a key.
    private mutating func readText() {
        let start = position + 1
        position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(position, bytes.count)
        position = end + 1
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
            position += 1
        }
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":"), !places.isEmpty else {
            return
        }
        places[places.count - 1] = .key(String(decoding: bytes[start..<end], as: UTF8.self))
    }

    private mutating func readNumber() -> String {
        let start = position
        while position < bytes.count, Self.ofNumbers.contains(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isOdd(_ number: String) -> Bool {
        guard Int(number) == nil, let value = Double(number) else { return false }
        return Int(exactly: value) == nil
    }

    private static let ofNumbers = Set("+-.0123456789Ee".utf8)
}
