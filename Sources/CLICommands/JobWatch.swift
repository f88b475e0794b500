import ArgumentParser
import GD2Error
import Glibc
import RESTAPI
import UnixSignals

/// Waits for a job's end. On a terminal its progress stands on standard error meanwhile; Ctrl-C
/// ends the waiting and not the job.
struct JobWatch: Sendable {
    let client: APIClient
    let limit: Duration
    private let showsProgress = isatty(STDERR_FILENO) == 1

    init(client: APIClient, limit: Duration) {
        self.client = client
        self.limit = limit
    }

    /// The job when it is done; throws what it failed with.
    func end(of job: JobInfo) async throws -> JobInfo {
        // Before anything is shown that somebody could answer with Ctrl-C.
        let signals = showsProgress ? await UnixSignalsSequence(trapping: .sigint) : nil
        let ended = try await withThrowingTaskGroup(of: JobInfo?.self) { group in
            group.addTask { try await wait(for: job) }
            if let signals {
                group.addTask {
                    for await _ in signals { break }
                    return nil
                }
            }
            defer {
                group.cancelAll()
                clear()
            }
            return try await group.next() ?? nil
        }
        guard let ended else {
            writeError("job \(job.id) goes on: glustercli job wait \(job.id)")
            throw ExitCode(ExitStatus.interrupted)
        }
        if let error = ended.error {
            throw GD2Error(
                ErrorCode(rawValue: error.code) ?? .internal, error.message,
                fields: error.fields ?? [:])
        }
        return ended
    }

    private func wait(for first: JobInfo) async throws -> JobInfo {
        let deadline = ContinuousClock.now + limit
        var job = first
        while !job.state.hasEnded {
            show(job)
            guard ContinuousClock.now < deadline else {
                throw GD2Error(
                    .timedOut,
                    "job \(job.id) has not ended within \(limit) and goes on: "
                        + "glustercli job wait \(job.id)")
            }
            // Answered when it ends, or else after a second, with its progress.
            let seconds = showsProgress ? 1 : 10
            job = try await client.get("/v1/jobs/\(job.id)?wait=\(seconds)", as: JobInfo.self)
        }
        return job
    }

    private func show(_ job: JobInfo) {
        guard showsProgress else { return }
        // The columns of the narrowest terminal: a line that wraps could not be cleared.
        write("\r\u{1b}[K" + String("\(job.operation): \(job.progress.text)".prefix(79)))
    }

    private func clear() { if showsProgress { write("\r\u{1b}[K") } }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
