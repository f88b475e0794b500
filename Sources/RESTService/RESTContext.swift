import FoundationEssentials
import GD2Error
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RESTAPI

/// What a request is made with.
struct RESTSource: RequestContextSource {
    var logger: Logger
    var caller: Caller
}

/// What a route knows of its request.
struct RESTContext: RequestContext {
    typealias Source = RESTSource

    var coreContext: CoreRequestContextStorage
    let caller: Caller
    /// Of a change: who asks for it, and how.
    var asked: Asked?

    init(source: RESTSource) {
        coreContext = CoreRequestContextStorage(source: source)
        caller = source.caller
    }

    /// What this request's change knows of it.
    func change() -> Asked { asked ?? Asked(by: caller.description) }
}

extension Request {
    /// The whole body, which finds room in `share` before it is read.
    func collect(_ share: inout BodyShare) async throws -> ByteBuffer {
        let tooLarge = GD2Error(.tooLarge, "the body is longer than \(Limits.bodyBytes) bytes")
        var whole = ByteBuffer()
        // Refused before it is read, where its client says so much.
        let length = headers[.contentLength].flatMap { Int($0) }
        if let length {
            guard length <= Limits.bodyBytes else { throw tooLarge }
            try share.grow(to: length)
            whole.reserveCapacity(length)
        }
        do {
            for try await part in body {
                let bytes = whole.readableBytes + part.readableBytes
                guard bytes <= Limits.bodyBytes else { throw tooLarge }
                try share.grow(to: bytes)
                whole.writeImmutableBuffer(part)
            }
        } catch {
            throw error as? GD2Error
                ?? GD2Error(.invalid, "the body did not come whole: send it again")
        }
        return whole
    }

    /// The body, which is in memory, as `Value`; an empty one is `absent`, where that is given.
    func value<Value: Decodable>(
        _ type: Value.Type, absent: Value? = nil
    ) async throws -> Value {
        let buffer = try await body.collect(upTo: Limits.bodyBytes)
        if buffer.readableBytes == 0, let absent { return absent }
        let data = Data(buffer.readableBytesView)
        do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
            throw GD2Error(.invalid, BodyFault.text(error, data))
        }
    }
}

extension Response {
    /// `value` as JSON with sorted keys.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        json(try encode(value), status: status)
    }

    /// `json` as it stands.
    static func json(_ json: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=UTF-8"],
            body: .init(byteBuffer: json))
    }

    static func encode(_ value: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(value))
    }

    /// A failure in GD2's form.
    static func failure(_ error: GD2Error) -> Response {
        let status = HTTPResponse.Status(code: error.code.httpStatus)
        guard var response = try? json(ErrorResponse(error), status: status) else {
            return Response(status: status)
        }
        if error.code == .unavailable { response.headers[.retryAfter] = "1" }
        return response
    }
}
