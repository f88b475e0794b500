public import GD2Error

/// The body of every reply that is no success (gd2-api 1.2).
public struct ErrorResponse: Hashable, Sendable, Codable {
    public struct Entry: Hashable, Sendable, Codable {
        /// 1 generic, 2 a transaction's step failed.
        public var code: Int
        public var message: String
        public var fields: [String: String]?

        public init(code: Int = 1, message: String, fields: [String: String]? = nil) {
            self.code = code
            self.message = message
            self.fields = fields
        }
    }

    public var errors: [Entry]

    public init(errors: [Entry]) { self.errors = errors }

    public init(_ error: GD2Error) {
        let step = error.fields["step"] != nil
        errors = [
            Entry(
                code: step ? 2 : 1, message: Self.shortened(error.message),
                fields: error.fields.isEmpty ? nil : error.fields.mapValues(Self.shortened))
        ]
    }

    /// A message may quote what was sent, which may be a megabyte; what is wrong with it stands
    /// before or after that.
    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > messageBytesMax else { return text }
        let half = messageBytesMax / 8
        // By bytes: a character may be a letter with a megabyte of accents.
        let (start, end) = (text.utf8.prefix(half), text.utf8.suffix(half))
        return String(decoding: start, as: UTF8.self) + " … " + String(decoding: end, as: UTF8.self)
    }

    private static let messageBytesMax = 8_192
}

extension ErrorCode {
    /// The HTTP status of a failure of this kind; nothing else maps between the two.
    public var httpStatus: Int {
        switch self {
        case .invalid: 400
        case .unauthenticated: 401
        case .notAllowed: 403
        case .notFound: 404
        case .conflict: 409
        case .preconditionFailed: 412
        case .tooLarge: 413
        case .dependency: 424
        case .tooManyRequests: 429
        case .internal: 500
        case .unavailable: 503
        case .timedOut: 504
        }
    }

    /// The kind of failure that a reply's status stands for: ``httpStatus`` backwards.
    public init(httpStatus: Int) {
        let exact = Self.allCases.first { $0.httpStatus == httpStatus }
        self = exact ?? ((400..<500).contains(httpStatus) ? .invalid : .internal)
    }
}
