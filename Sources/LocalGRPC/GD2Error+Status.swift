public import GD2Error
public import GRPCCore

extension GD2Error {
    private static let codeKey = "gd2-code"
    private static let fieldsPrefix = "gd2-field-"

    /// The error as it goes over a local socket.
    public var rpcError: RPCError {
        var metadata: Metadata = [Self.codeKey: .string(code.rawValue)]
        for (name, value) in fields {
            metadata.addBinary(Array(value.utf8), forKey: Self.fieldsPrefix + name + "-bin")
        }
        return RPCError(code: code.rpcCode, message: message, metadata: metadata)
    }

    /// What the program at the other end meant by `error`; `program` names it in messages about a
    /// connection that failed, `advice` says what to do then.
    public init(_ error: RPCError, from program: String, advice: String? = nil) {
        let name = error.metadata[stringValues: Self.codeKey].first { _ in true }
        if let code = name.flatMap(ErrorCode.init(rawValue:)) {
            self.init(code, error.message, fields: Self.fields(in: error.metadata))
            return
        }
        switch error.code {
        case .deadlineExceeded:
            self.init(.timedOut, "\(program) did not answer in time")
        case .permissionDenied, .unauthenticated:
            self.init(.notAllowed, error.message)
        case .unavailable:
            self.init(
                .unavailable,
                "\(program) does not answer: \(advice ?? "see systemctl status \(program)") "
                    + "(\(error.message))")
        default:
            self.init(.internal, "\(program) answered \(error.code): \(error.message)")
        }
    }

    private static func fields(in metadata: Metadata) -> [String: String] {
        var fields: [String: String] = [:]
        for (key, value) in metadata where key.hasPrefix(fieldsPrefix) {
            guard case .binary(let bytes) = value else { continue }
            let name = key.dropFirst(fieldsPrefix.count).dropLast("-bin".count)
            fields[String(name)] = String(decoding: bytes, as: UTF8.self)
        }
        return fields
    }
}

extension ErrorCode {
    /// gRPC's nearest status; the exact code travels beside it.
    var rpcCode: RPCError.Code {
        switch self {
        case .invalid, .tooLarge: .invalidArgument
        case .unauthenticated: .unauthenticated
        case .notAllowed: .permissionDenied
        case .notFound: .notFound
        case .conflict, .dependency, .preconditionFailed: .failedPrecondition
        case .tooManyRequests: .resourceExhausted
        case .unavailable: .unavailable
        case .timedOut: .deadlineExceeded
        case .internal: .internalError
        }
    }
}

/// Turns a ``GD2Error`` that a service throws into its status.
public struct ErrorInterceptor: ServerInterceptor {
    public init() {}

    @concurrent public func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        var response: StreamingServerResponse<Output>
        do { response = try await next(request, context) } catch let error as GD2Error {
            throw error.rpcError
        }
        // A streaming method runs, and throws, while its answer is produced.
        guard case .success(var contents) = response.accepted else { return response }
        let produce = contents.producer
        contents.producer = { writer in
            do { return try await produce(writer) } catch let error as GD2Error {
                throw error.rpcError
            }
        }
        response.accepted = .success(contents)
        return response
    }
}
