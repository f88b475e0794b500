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
            // It holds the lock, and has not begun.
            try await Task.sleep(for: .milliseconds(Limits.reservationPollMs))
        }
        throw GD2Error(
            .unavailable,
            "the first request with this \(idempotencyHeader) was cut off before it began: "
                + "try again in some seconds")
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
