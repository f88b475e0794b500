import FoundationEssentials
import GD2Error
import GlusterModel
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror
import Synchronization
import Transaction

/// The jobs of a mirror, each decoded once for every change of it.
final class JobReader: Sendable {
    private struct Known {
        var modRevision: Int64
        var job: JobRecord?
    }

    private let known = Mutex<[String: Known]>([:])

    /// All jobs in `view`, the oldest first.
    func records(_ view: MirrorView) -> [JobRecord] {
        guard let prefix = view.identity?.keys.jobs else { return [] }
        // `jobs/<id>` alone, not what stands below it.
        let length = prefix.utf8.count + 36
        let values = view.values.below(prefix).filter { $0.key.utf8.count == length }
        return known.withLock { known in
            var now: [String: Known] = [:]
            for value in values {
                if let before = known[value.key], before.modRevision == value.modRevision {
                    now[value.key] = before
                } else {
                    let job = try? RecordCoding.decode(JobRecord.self, from: value.value)
                    now[value.key] = Known(modRevision: value.modRevision, job: job)
                }
            }
            known = now
            return now.values.compactMap(\.job).sorted {
                ($0.startedMs, $0.id) < ($1.startedMs, $1.id)
            }
        }
    }
}

/// Jobs as the API shows them. A record is written when a job begins and when it ends; between, its
/// progress is what its journal and the nodes' reports say.
struct JobShapes: Sendable {
    let store: any KeyValueStore
    let mirror: StoreMirror
    let cluster: ClusterReader

    static func record(_ id: JobID, _ view: MirrorView) -> JobRecord? {
        view.identity.flatMap { view.values[$0.keys.job(id)] }
            .flatMap { try? RecordCoding.decode(JobRecord.self, from: $0.value) }
    }

    /// The job as this node sees it; asks the store for one that is not seen yet.
    func stored(_ id: JobID) async throws -> JobRecord? {
        if let known = Self.record(id, mirror.view) { return known }
        let key = try await mirror.identity(of: store).keys.job(id)
        guard let found = try await store.get(key) else { return nil }
        return try RecordCoding.decode(JobRecord.self, from: found.value)
    }

    /// The job at its end; nil when that does not come in time.
    func ended(_ id: JobID, within limit: Duration) async throws -> JobRecord? {
        do {
            let view = try await mirror.first(timeout: limit) { view in
                Self.record(id, view)?.state.hasEnded == true
            }
            return Self.record(id, view)
        } catch StoreError.timedOut { return nil }
    }

    /// 202, and where to look.
    func accepted(_ job: JobRecord) throws -> Response {
        var response = try Response.json(info(job, mirror.view), status: .accepted)
        response.headers[.location] = "/v1/jobs/\(job.id)"
        return response
    }

    func info(_ job: JobRecord, _ view: MirrorView) -> JobInfo {
        info(job, view, LeftToClean(view))
    }

    func info(_ job: JobRecord, _ view: MirrorView, _ left: LeftToClean) -> JobInfo {
        let names = ClusterNames(cluster.current)
        var (state, progress) = (
            JobInfo.State(rawValue: job.state.rawValue) ?? .running, Self.progressOfEnd(job)
        )
        if !job.state.hasEnded {
            if let journal = journal(job, view) {
                (state, progress) = Self.progress(of: journal, names)
            } else if job.waitsFor != nil {
                progress = waiting(job, view)
            }
        }
        let leftByIt = left.of(job.id, names)
        if !leftByIt.isEmpty { progress.missing = (progress.missing ?? []) + leftByIt }
        var info = JobInfo(
            id: job.id.description, operation: job.operation, object: job.object, state: state,
            progress: progress)
        info.by = job.by
        info.peerID = job.peer.description
        info.peer = names.name(of: job.peer)
        info.started = Self.time(job.startedMs)
        info.ended = job.endedMs.map(Self.time)
        if job.state == .done { info.result = job.result }
        info.error = job.error.map {
            JobInfo.Failure(
                code: $0.code, message: $0.message, fields: $0.fields.isEmpty ? nil : $0.fields)
        }
        return info
    }

    private func journal(_ job: JobRecord, _ view: MirrorView) -> TransactionRecord? {
        let id = TransactionID(high: job.id.high, low: job.id.low)
        return view.identity.flatMap { view.values[$0.keys.transaction(id)] }
            .flatMap { try? RecordCoding.decode(TransactionRecord.self, from: $0.value) }
    }

    private static func progressOfEnd(_ job: JobRecord) -> JobInfo.Progress {
        let text =
            switch job.state {
            case .running, .undoing: "begun"
            case .done: "done"
            case .failed: "failed"
            case .cancelled: "cancelled"
            }
        return JobInfo.Progress(done: 0, steps: 0, text: text)
    }

    private static func progress(
        of journal: TransactionRecord, _ names: ClusterNames
    ) -> (JobInfo.State, JobInfo.Progress) {
        let count = journal.steps.count
        func text(_ numbers: Range<Int>, _ verb: String) -> String {
            let steps = journal.steps[numbers.clamped(to: 0..<count)]
            guard let first = steps.first else { return "finishing" }
            let peers = steps.map { names.name(of: $0.peer) }.joined(separator: ", ")
            let which =
                steps.count == 1
                ? "step \(steps.startIndex + 1)"
                : "steps \(steps.startIndex + 1) to \(steps.endIndex)"
            return "\(verb)\(which) of \(count): \(first.action.rawValue) on \(peers)"
        }
        switch journal.phase {
        case .running(let step):
            return (
                .running,
                JobInfo.Progress(done: 0, steps: count, text: text(0..<step + 1, ""))
            )
        case .committed(let step):
            let done = min(step, count)
            return (
                .running,
                JobInfo.Progress(done: done, steps: count, text: text(done..<count, ""))
            )
        case .undoing(let step, _):
            let left = max(0, step + 1)
            return (
                .undoing,
                JobInfo.Progress(
                    done: left, steps: count, text: text(max(0, step)..<left, "undoing "))
            )
        }
    }

    private func waiting(
        _ job: JobRecord, _ view: MirrorView
    ) -> JobInfo.Progress {
        guard let keys = view.identity?.keys, let id = job.waitsFor,
            let volume = cluster.current.volumes[id],
            let revision = view.values[keys.job(job.id)]?.createRevision
        else { return JobInfo.Progress(done: 0, steps: 0, text: "waiting for nodes") }
        let peers = Set(volume.topology.allBricks.map(\.peer))
        let wait = NodeWait(volume: volume, revision: revision)
        let missing = wait.missing(view)
        let left = peers.count { !wait.isDone($0, view) }
        return JobInfo.Progress(
            done: peers.count - left, steps: peers.count,
            text: "\(peers.count - left) of \(peers.count) nodes have answered",
            missing: missing.isEmpty ? nil : missing.sorted())
    }

    private static func time(_ ms: Int64) -> String {
        Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(.iso8601)
    }
}

/// The names of peers.
struct ClusterNames {
    private let find: (PeerID) -> Peer?

    init(_ state: ClusterState) { find = { state.peers[$0] } }

    /// Decodes those that are asked for.
    init(view: MirrorView) {
        find = { peer in
            let stored = view.identity.flatMap { view.values[$0.keys.peer(peer)] }
            return stored.flatMap { try? RecordCoding.decode(Peer.self, from: $0.value) }
        }
    }

    /// Its id where it has no name here.
    func name(of peer: PeerID) -> String { find(peer)?.name ?? peer.description }
}
