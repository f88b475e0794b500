import GlusterModel
import Testing
import Transaction

@Suite struct JobRecordTests {
    private static func job(_ number: UInt64, endedMs: Int64?) -> JobRecord {
        let job = JobRecord(
            id: JobID(high: 0, low: number), operation: "start-volume", object: "volume/gv0",
            by: "uid 0", startedMs: 0)
        return endedMs.map { job.ended(.done, atMs: $0) } ?? job
    }

    private static let jobs = [
        job(1, endedMs: 300), job(2, endedMs: nil), job(3, endedMs: 100), job(4, endedMs: 200),
        job(5, endedMs: 200),
    ]

    /// How many are kept, how old they may be at 400, and which go.
    @Test(
        arguments: [
            (10, 1_000, []), (3, 1_000, [3]), (2, 1_000, [3, 4]), (0, 1_000, [3, 4, 5, 1]),
            (10, 200, [3]), (10, 199, [3, 4, 5]), (2, 200, [3, 4]), (10, 0, [3, 4, 5, 1]),
        ] as [(Int, Int64, [UInt64])])
    func theOldestThatEndedGo(keep: Int, ageMs: Int64, gone: [UInt64]) {
        let surplus = JobRecord.surplus(of: Self.jobs, nowMs: 400, keep: keep, ageMs: ageMs)
        #expect(surplus.map(\.low) == gone)
    }
}
