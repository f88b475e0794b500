import Crypto
import FoundationEssentials
import GD2Error
import GlusterModel
import HTTPTypes
import Hexadecimal
import Hummingbird
import NIOCore
import RESTAPI
import StoreAPI

/// What a change knows of the request that asks for it.
struct Asked: Sendable {
    /// The user or address.
    var by: String
    /// The number of the job that it becomes, if it becomes one.
    var job: JobID
    /// Whether the job is answered at once.
    var isAsync = false
    var key: RequestKey?

    init(by: String) {
        self.by = by
        var generator = SystemRandomNumberGenerator()
        job = JobID(using: &generator)
    }

    init(_ request: Request, _ body: ByteBuffer, _ caller: Caller) throws {
        self.init(by: caller.description)
        isAsync = try request.flag(asyncParameter)
        if let name = HTTPField.Name(idempotencyHeader), let text = request.headers[name] {
            key = try RequestKey(text, request, body)
        }
    }

    /// Holds as long as nobody made another request with the same key.
    func conditions(_ keys: StoreKeys) -> [Compare] {
        key.map { [.createRevision(key: keys.request($0.hash), equals: 0)] } ?? []
    }

    /// Takes the key until the work has begun or the session ends.
    func reserving(_ keys: StoreKeys, lease: Int64) throws -> [StoreAPI.Operation] {
        try writing(RequestRecord(digest: key?.digest ?? "", job: job), keys, lease: lease)
    }

    /// Keeps the key and what its request became: a job, or an answer. Without a key there is
    /// nothing to keep, and no answer is made for it.
    func keeping(
        _ keys: StoreKeys, job: JobID? = nil,
        answer: @autoclosure () throws -> StoredAnswer? = nil
    ) throws -> [StoreAPI.Operation] {
        guard let key else { return [] }
        let record = RequestRecord(digest: key.digest, job: job, answer: try answer())
        return try writing(record, keys, lease: 0)
    }

    /// Gives a reservation back.
    func releasing(_ keys: StoreKeys) -> [StoreAPI.Operation] {
        key.map { [.delete(key: keys.request($0.hash))] } ?? []
    }

    private func writing(
        _ record: RequestRecord, _ keys: StoreKeys, lease: Int64
    ) throws -> [StoreAPI.Operation] {
        guard let key else { return [] }
        return [
            .put(
                key: keys.request(key.hash), value: try RecordCoding.encode(record), lease: lease)
        ]
    }

    /// After a Txn that did not go: says so when the key was used meanwhile.
    func checkUnused(_ keys: StoreKeys, _ store: any KeyValueStore) async throws {
        guard let key, try await store.get(keys.request(key.hash)) != nil else { return }
        throw GD2Error(.conflict, "the request with this \(idempotencyHeader) was made already")
    }
}

/// An idempotency key and what was asked with it, as digests.
struct RequestKey: Hashable, Sendable {
    /// Of the key.
    var hash: String
    /// Of method, path with query, and body.
    var digest: String

    init(_ text: String, _ request: Request, _ body: ByteBuffer) throws(GD2Error) {
        let bytes = text.utf8
        guard (1...Limits.idempotencyKeyBytes).contains(bytes.count),
            bytes.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            throw GD2Error(
                .invalid,
                "\(idempotencyHeader) has to be 1 to \(Limits.idempotencyKeyBytes) printable "
                    + "ASCII characters")
        }
        hash = SHA256.hash(data: Data(bytes)).hexadecimal
        var digest = SHA256()
        digest.update(data: Data("\(request.method.rawValue)\n\(request.uri)\n".utf8))
        digest.update(data: Data(body.readableBytesView))
        self.digest = digest.finalize().hexadecimal
    }
}

/// What stands at `requests/<hash>`.
struct RequestRecord: Hashable, Sendable, Codable {
    var schema = 1
    var digest: String
    /// What it became, where that is a job; its end is the answer.
    var job: JobID?
    /// Of a job: when it is done.
    var answer: StoredAnswer?
    var startedMs: Int64

    init(digest: String, job: JobID? = nil, answer: StoredAnswer? = nil) {
        self.digest = digest
        self.job = job
        self.answer = answer
        startedMs = Date.nowMs
    }
}

/// An answer that can be given again.
struct StoredAnswer: Hashable, Sendable, Codable {
    var status: Int
    var headers: [String: String]
    /// Nil: too long to be kept, so that only its status is known.
    var body: String?

    init(status: Int, headers: [String: String] = [:], json: (any Encodable)? = nil) throws {
        self.status = status
        self.headers = headers
        guard let json else {
            body = ""
            return
        }
        let text = String(buffer: try Response.encode(json))
        body = text.utf8.count <= Limits.storedAnswerBytes ? text : nil
    }

    /// What was answered already.
    init(keeping response: Response) async throws {
        let collector = BodyCollector()
        try await response.body.write(collector)
        status = response.status.code
        headers = response.headers[.location].map { ["Location": $0] } ?? [:]
        let text = String(buffer: collector.collected)
        body = text.utf8.count <= Limits.storedAnswerBytes ? text : nil
    }

    var response: Response {
        var response = Response(status: .init(code: status))
        if let body, !body.isEmpty {
            response = Response.json(ByteBuffer(string: body), status: .init(code: status))
        }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }
}

/// Collects what a response writes as its body.
final class BodyCollector: ResponseBodyWriter {
    private(set) var collected = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws { collected.writeImmutableBuffer(buffer) }

    func finish(_ trailers: HTTPFields?) async throws {}
}

extension Date {
    /// Milliseconds since 1970.
    static var nowMs: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
