import FoundationEssentials
import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction

/// Answers requests whose idempotency key was used before. The first one's record is written in the
/// very Txn that makes its change, so a repeated request always meets it there.
struct RepeatedRequests: Sendable {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let jobs: JobShapes
    let session: Session

    /// What the first request with this key was answered; nil when `asked` is the first. It is
    /// looked up only after `asked` failed, so a request that goes well costs nothing more.
    func answer(to asked: Asked) async throws -> Response? {
        guard let key = asked.key else { return nil }
        let keys = try await mirror.identity(of: store).keys
        for _ in 0..<Limits.reservationPolls {
            guard let found = try await store.get(keys.request(key.hash)) else { return nil }
            let record = try RecordCoding.decode(RequestRecord.self, from: found.value)
            guard record.digest == key.digest else {
                throw GD2Error(
                    .conflict,
                    "this \(idempotencyHeader) was used for another request: take a new one")
            }
            if let job = record.job {
                if job == asked.job { return nil }
                if found.lease == 0 { return try await answer(of: job, record, asked) }
            } else if let answer = record.answer {
                return answer.response
            }
            // It has not begun, or is no job and has not ended.
            try await Task.sleep(for: .milliseconds(Limits.reservationPollMs))
        }
        throw GD2Error(
            .unavailable,
            "the first request with this \(idempotencyHeader) is under way, or was cut off: "
                + "try again in some seconds")
    }

    /// Makes a change that is no Txn of this program at most once: takes its key before, keeps its
    /// answer after. What fails gives the key back. When this program ends in between, the key is
    /// free again with its lease.
    func once(_ asked: Asked, _ change: () async throws -> Response) async throws -> Response {
        guard asked.key != nil else { return try await change() }
        if let first = try await answer(to: asked) { return first }
        let keys = try await mirror.identity(of: store).keys
        let lease = try await session.require().lease
        let taken = try await store.txn(
            if: asked.conditions(keys), then: try asked.reserving(keys, lease: lease))
        guard taken.succeeded else {
            if let first = try await answer(to: asked) { return first }
            throw GD2Error(.unavailable, "the key was just given back: try again")
        }
        let response: Response
        do { response = try await change() } catch {
            _ = try? await store.txn(if: [], then: asked.releasing(keys))
            throw error
        }
        let answer = try await StoredAnswer(keeping: response)
        // It is made, whether this can be written or not.
        _ = try? await store.txn(if: [], then: try asked.keeping(keys, answer: answer))
        return response
    }

    private func answer(
        of id: JobID, _ record: RequestRecord, _ asked: Asked
    ) async throws -> Response {
        guard let job = try await jobs.stored(id) else {
            throw GD2Error(
                .conflict,
                "the request with this \(idempotencyHeader) became job \(id), of which nothing is "
                    + "kept any more: look at what it was for")
        }
        if asked.isAsync { return try jobs.accepted(job) }
        guard let ended = try await jobs.ended(id, within: .seconds(Limits.requestSeconds)) else {
            throw GD2Error(
                .timedOut, "job \(id) has not ended yet: glustercli job wait \(id)",
                fields: ["job": id.description])
        }
        if let failure = ended.error { throw GD2Error(failure) }
        return record.answer?.response ?? Response(status: .noContent)
    }
}

extension GD2Error {
    init(_ failure: JobRecord.Failure) {
        self.init(
            ErrorCode(rawValue: failure.code) ?? .internal, failure.message,
            fields: failure.fields)
    }
}

extension JobRecord.Failure {
    /// Some thousand bricks may be named, in a record that every gd2-rest holds in memory.
    init(_ error: GD2Error) {
        let message =
            error.message.utf8.count <= Limits.jobMessageBytes
            ? error.message
            : String(decoding: error.message.utf8.prefix(Limits.jobMessageBytes), as: UTF8.self)
                + "…"
        self.init(code: error.code.rawValue, message: message, fields: error.fields)
    }
}
