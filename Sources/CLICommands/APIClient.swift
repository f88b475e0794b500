import AsyncHTTPClient
import FoundationEssentials
public import GD2Error
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import RESTAPI
import Synchronization

/// The REST API over gd2-rest's Unix socket or HTTP.
public struct APIClient: Sendable {
    public let endpoint: String
    /// Needed over TCP; the local socket goes by who asks.
    public var signer: TokenSigner?
    public var timeout: Duration

    /// What a request's path is put after.
    private let base: String

    /// The socket of the node that this runs on.
    public static let localEndpoint = "unix:/run/gd2/rest.sock"
    /// Does not try again by itself: only we know what is worth it.
    private let http: HTTPClient
    private static let answerBytes = 64 << 20
    /// How long a gd2-rest that is just being restarted is waited for.
    private static let connectTries = 20
    private static let connectPauseMs = 250

    /// `endpoint`: `unix:/PATH`, `http://HOST:PORT` or `https://HOST:PORT`.
    public init(
        endpoint: String, signer: TokenSigner?, trust: Trust = .system, timeout: Duration
    ) throws(GD2Error) {
        self.endpoint = endpoint
        base = try EndpointURL.base(endpoint)
        http = try Self.client(trust)
        self.signer = signer
        self.timeout = timeout
    }

    /// Whose certificate is taken over https.
    public enum Trust: Sendable, Hashable {
        case system
        /// A PEM file.
        case authority(String)
        case anybody
    }

    /// One of each kind, kept to the end of the process: a client may not go unless shut down.
    private static let clients = Mutex<[Trust: HTTPClient]>([:])

    private static func client(_ trust: Trust) throws(GD2Error) -> HTTPClient {
        if let known = clients.withLock({ $0[trust] }) { return known }
        let new = try makeClient(trust)
        clients.withLock { $0[trust] = new }
        return new
    }

    private static func makeClient(_ trust: Trust) throws(GD2Error) -> HTTPClient {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        switch trust {
        case .system: break
        case .authority(let path):
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw GD2Error(.invalid, "--cacert \(path) cannot be read")
            }
            let found = (try? NIOSSLCertificate.fromPEMFile(path)) ?? []
            guard !found.isEmpty else {
                throw GD2Error(.invalid, "--cacert \(path) has no certificate in it (PEM)")
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(path)
            configuration.tlsConfiguration = tls
        case .anybody:
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// What a successful request brought.
    public struct Answer: Sendable {
        public var body: [UInt8]
        public var headers: [String: String]
    }

    public func get<Value: Decodable>(
        _ path: String, as type: Value.Type
    ) async throws -> Value {
        let answer = try await send("GET", path, nil)
        if let age = answer.headers[viewAgeHeader.lowercased()] {
            Self.noteAge(age, laterEpoch: answer.headers[laterEpochHeader.lowercased()])
        }
        return try Self.decode(type, answer.body)
    }

    /// `age`, `laterEpoch`: the headers' values.
    static func staleness(_ age: String, laterEpoch: String?) -> String {
        let what =
            age == "unknown"
            ? "warning: the store has not answered since gd2-rest was started: this is what was "
                + "known before"
            : "warning: the store does not answer since \(age) s: this is what was known then"
        guard let laterEpoch else { return what }
        return what
            + ", before the store was recovered or restored (epoch \(laterEpoch)): some of it may "
            + "be undone"
    }

    private static let hasNoted = Mutex(false)

    /// Once, however many requests a command needs.
    private static func noteAge(_ age: String, laterEpoch: String?) {
        let isFirst = hasNoted.withLock { noted in
            defer { noted = true }
            return !noted
        }
        guard isFirst else { return }
        writeError(staleness(age, laterEpoch: laterEpoch))
    }

    /// `key`: an idempotency key, with which a request whose connection breaks is sent again.
    public func send(
        _ method: String, _ path: String, _ body: (any Encodable & Sendable)?, key: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .RAW(value: method)
        let isLocal = endpoint.hasPrefix("unix:")
        if let signer, !isLocal {
            // The server's qsh is of the path alone.
            let signed = path.prefix { $0 != "?" }
            let token = try await signer.token(method: method, path: String(signed))
            request.headers.add(name: "Authorization", value: "bearer \(token)")
        }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        }
        if let key { request.headers.add(name: idempotencyHeader, value: key) }
        let (status, answer) = try await execute(request, isRepeatable: key != nil)
        guard (200..<300).contains(status) else {
            throw Self.failure(status, answer.body, lacksSecret: signer == nil && !isLocal)
        }
        if let names = answer.headers[silentNodesHeader.lowercased()] {
            let isOne = !names.contains(",")
            let what = isOne ? "does not answer: it follows" : "do not answer: they follow"
            writeError("warning: \(names) \(what) when back")
        }
        return answer
    }

    /// Nothing was sent when the connection was refused, so that is tried again; one that broke
    /// only where the request can be repeated, or only reads.
    private func execute(
        _ request: HTTPClientRequest, isRepeatable: Bool
    ) async throws -> (status: Int, Answer) {
        let limit = TimeAmount.nanoseconds(Int64(timeout / .nanoseconds(1)))
        for attempt in 1... {
            do {
                let response = try await http.execute(request, timeout: limit)
                let buffer = try await response.body.collect(upTo: Self.answerBytes)
                let headers = Dictionary(
                    response.headers.map { ($0.name.lowercased(), $0.value) }
                ) { first, _ in first }
                return (
                    Int(response.status.code),
                    Answer(body: Array(buffer.readableBytesView), headers: headers)
                )
            } catch let error as HTTPClientError
                where error == .deadlineExceeded || error == .readTimeout
            {
                throw GD2Error(
                    .timedOut, "\(endpoint) did not answer within \(timeout): it may go on there")
            } catch {
                let isWorthIt =
                    Self.isRefusal(error)
                    || (isRepeatable || request.method == .GET) && Self.isBroken(error)
                guard isWorthIt, attempt < Self.connectTries else {
                    throw GD2Error(.unavailable, Self.unreached(error, endpoint))
                }
                try await Task.sleep(for: .milliseconds(Self.connectPauseMs))
            }
        }
        throw GD2Error(.unavailable, "\(endpoint) cannot be reached")
    }

    private static func unreached(_ error: any Error, _ endpoint: String) -> String {
        if let message = TLSFailure.message(error, endpoint) { return message }
        let reason =
            (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return "\(endpoint) cannot be reached: see systemctl status gd2-rest (\(reason))"
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError { return error == .connectTimeout }
        if let error = error as? IOError {
            return error.errnoCode == ECONNREFUSED || error.errnoCode == ENOENT
        }
        return error is NIOConnectionError
    }

    /// Whether the other end went away in the middle.
    private static func isBroken(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
        if let error = error as? IOError {
            return error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
        }
        return error is HTTPParserError || error is ChannelError
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw GD2Error(.internal, "the answer was not understood: \(error)")
        }
    }

    /// `lacksSecret`: it was asked over TCP, and no secret was found to sign with.
    static func failure(_ status: Int, _ body: [UInt8], lacksSecret: Bool) -> GD2Error {
        let response = try? JSONDecoder().decode(ErrorResponse.self, from: Data(body))
        let code = ErrorCode(httpStatus: status)
        let message =
            response?.errors.map(\.message).joined(separator: "; ")
            ?? "HTTP status \(status): \(String(decoding: body.prefix(200), as: UTF8.self))"
        guard lacksSecret, code == .unauthenticated else { return GD2Error(code, message) }
        return GD2Error(
            code,
            "\(message); glustercli does that with --secret-file FILE, a copy of that node's "
                + TokenSigner.standardFile)
    }
}
