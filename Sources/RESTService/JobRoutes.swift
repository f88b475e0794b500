import FoundationEssentials
import GD2Error
import GlusterModel
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction

/// The routes of jobs: list, show, wait, cancel.
extension Routes {
    var jobs: JobShapes {
        JobShapes(store: volumes.store, mirror: mirror, cluster: volumes.cluster)
    }

    /// What answers a change whose idempotency key was used before.
    var repeated: RepeatedRequests {
        RepeatedRequests(
            store: volumes.store, mirror: mirror, jobs: jobs, session: volumes.session)
    }

    func jobRoutes() -> [ListedRoute] {
        [
            ListedRoute(
                name: "JobList", method: .get, path: "/v1/jobs", response: "[JobInfo]"
            ) { request, _ in
                let (state, object) = try Self.filter(request)
                let view = mirror.view
                let left = LeftToClean(view)
                let all = volumes.jobs.reader.records(view).map { jobs.info($0, view, left) }
                return try Response.json(
                    all.filter { job in
                        (state == nil || job.state == state)
                            && (object == nil || job.object == object)
                    })
            },
            ListedRoute(
                name: "JobShow", method: .get, path: "/v1/jobs/{job}", response: "JobInfo",
                waits: false
            ) { request, context in
                let id = try Self.id(context)
                guard var job = try await jobs.stored(id) else { throw Self.unknown(id) }
                if let seconds = try Self.wait(request), !job.state.hasEnded {
                    job = try await jobs.ended(id, within: .seconds(seconds)) ?? job
                }
                return try Response.json(jobs.info(job, mirror.view))
            },
            ListedRoute(
                name: "JobCancel", method: .post, path: "/v1/jobs/{job}/cancel", response: "JobInfo"
            ) { _, context in
                let id = try Self.id(context)
                let job = try await cancel(id, by: context.change().by)
                return try Response.json(
                    jobs.info(job, mirror.view), status: job.state.hasEnded ? .ok : .accepted)
            }.keptAround().planned { _, context in try await planCancel(Self.id(context)) },
        ]
    }

    private static func id(_ context: RESTContext) throws -> JobID {
        let text = try context.parameters.require("job")
        guard let id = JobID(text) else {
            throw GD2Error(.invalid, "\"\(text)\" is no job's id: glustercli job list shows them")
        }
        return id
    }

    private static func unknown(_ id: JobID) -> GD2Error {
        GD2Error(.notFound, "there is no job \(id): glustercli job list shows those that are kept")
    }

    private static func filter(
        _ request: Request
    ) throws(GD2Error) -> (JobInfo.State?, String?) {
        let object = request.uri.queryParameters["object"].map(String.init)
        guard let text = request.uri.queryParameters["state"] else { return (nil, object) }
        guard let state = JobInfo.State(rawValue: String(text)) else {
            let known = JobInfo.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw GD2Error(.invalid, "state \(text) is none of \(known)")
        }
        return (state, object)
    }

    /// Seconds; nil without the parameter. More than the limit is taken for the limit.
    private static func wait(_ request: Request) throws(GD2Error) -> Int? {
        guard let text = request.uri.queryParameters["wait"] else { return nil }
        guard let seconds = Int(text), seconds >= 0 else {
            throw GD2Error(.invalid, "wait=\(text) is no number of seconds")
        }
        return min(seconds, Limits.jobWaitSeconds)
    }

    // MARK: Cancel

    /// The wait of a job for nodes ends at once; a transaction is told to be undone.
    private func cancel(_ id: JobID, by: String) async throws -> JobRecord {
        guard let job = try await jobs.stored(id) else { throw Self.unknown(id) }
        if job.waitsFor != nil { return try await endWait(id, by: by) }
        let keys = try await mirror.identity(of: volumes.store).keys
        for _ in 0..<Limits.storeTries {
            guard let found = try await volumes.store.get(keys.job(id)) else {
                throw Self.unknown(id)
            }
            let job = try RecordCoding.decode(JobRecord.self, from: found.value)
            if let refusal = Self.refusal(of: job) { throw refusal }
            let value = try RecordCoding.encode(CancelRecord(by: by))
            // The job's record is written by the commit: it is undone, or it was too late.
            let result = try await volumes.store.txn(
                if: [.modRevision(key: keys.job(id), equals: found.modRevision)],
                then: [.put(key: keys.jobCancel(id), value: value)])
            guard result.succeeded else { continue }
            _ = try await mirror.wait(for: result.revision, timeout: Limits.mirrorWait)
            return try await jobs.stored(id) ?? job
        }
        throw GD2Error(.unavailable, "job \(id) cannot be written now: try again")
    }

    private func planCancel(_ id: JobID) async throws -> DryRunInfo {
        guard let job = try await jobs.stored(id) else { throw Self.unknown(id) }
        let isWait = job.waitsFor != nil
        if !isWait || job.state.hasEnded, let refusal = Self.refusal(of: job) { throw refusal }
        let what = "job \(id), \(Self.words(job)), "
        return DryRunInfo(changes: [
            PendingChange(
                .cancel, "job/\(id)",
                what + (isWait ? "would wait no more for nodes, which go on" : "would be undone"),
                from: job.state.rawValue, to: "cancelled")
        ])
    }

    private func endWait(_ id: JobID, by: String) async throws -> JobRecord {
        let ended = try await volumes.jobs.end(id) { job in
            let verb = job.operation == "start-volume" ? "started" : "stopped"
            let object = job.object.split(separator: "/").joined(separator: " ")
            return job.ended(
                .cancelled,
                error: JobRecord.Failure(
                    code: ErrorCode.conflict.rawValue,
                    message: "the wait was cancelled by \(by); \(object) is \(verb) all the same, "
                        + "and its nodes go on", fields: ["job": job.id.description]),
                atMs: Date.nowMs)
        }
        if let ended { return ended }
        guard let job = try await jobs.stored(id) else { throw Self.unknown(id) }
        throw Self.refusal(of: job) ?? Self.unknown(id)
    }

    private static func words(_ job: JobRecord) -> String {
        "\(job.operation) of \(job.object.split(separator: "/").joined(separator: " "))"
    }

    private static func refusal(of job: JobRecord) -> GD2Error? {
        let what = words(job)
        if job.state.hasEnded {
            return GD2Error(
                .conflict, "job \(job.id), \(what), has ended: it is \(job.state.rawValue)")
        }
        guard job.isCommitted else { return nil }
        return GD2Error(
            .conflict,
            "job \(job.id), \(what), is past its commit and cannot be undone: it ends by itself")
    }
}
