import FoundationEssentials
import GlusterModel
import StoreAPI
import StoreMirror
import StoreTesting
import Testing
import Transaction

@testable import RESTService

/// Waits for nodes whose gd2-rest died, and what is kept of jobs and requests.
@Suite struct JobKeeperTests {
    /// All nodes say that they did what the head at `revision` says.
    private static func report(
        _ volume: VolumeID, _ revision: Int64, _ cluster: SharedCluster
    ) async throws {
        for number in [1, 2] as [UInt64] {
            let report = VolumeReport(
                volume: volume, bootID: "b", incarnation: IncarnationID(high: 1, low: number),
                headRevision: revision, converged: true, bricks: [])
            let key = cluster.keys.volumeReport(volume, by: Coordinator.peer(number))
            _ = try await cluster.store.txn(
                if: [], then: [.put(key: key, value: try RecordCoding.encode(report))])
        }
    }

    @Test func aWaitWhoseNodeDiedEndsOnce() async throws {
        try await SharedCluster.with { cluster, group in
            let nodes = try (1...3).map { number in
                try Coordinator(
                    UInt64(number), cluster.store, cluster.nodes, folder: cluster.folder)
            }
            for node in nodes { group.addTask { try await node.run() } }
            let first = nodes[0]
            #expect(try await cluster.until { first.mirror.view.freshness == .current })
            try await first.create("gv0")
            var asked = Asked(by: "test")
            asked.isAsync = true
            let volume = try await first.volumes.start("gv0", force: false, asked).volume
            let session = try await first.session.require()
            let key = cluster.keys.job(asked.job)
            let began = try #require(try await cluster.store.get(key))

            first.store.isCut = true
            await cluster.store.expireLease(session.lease)
            #expect(
                try await cluster.until {
                    let job = try await cluster.store.get(key).map {
                        try RecordCoding.decode(JobRecord.self, from: $0.value)
                    }
                    return job.map { $0.owner != session.id } ?? false
                }, "nobody took it")
            try await Self.report(volume.id, began.createRevision, cluster)
            #expect(try await cluster.until { cluster.ends.of(key) == 1 })
            first.store.isCut = false
            #expect(try await first.jobs.end(asked.job) { $0 } == nil)
            #expect(cluster.ends.most == 1)
        }
    }

    @Test func oldRequestsAndJobsAreForgotten() async throws {
        try await SharedCluster.with { cluster, group in
            let node = try Coordinator(1, cluster.store, cluster.nodes, folder: cluster.folder)
            group.addTask { try await node.run() }
            #expect(try await cluster.until { node.mirror.view.freshness == .current })
            var last: Int64 = 0
            for (number, ageMs) in [0, Limits.requestsKeptMs * 2, Limits.jobsKeptMs * 2]
                .enumerated()
            {
                var request = RequestRecord(digest: "d")
                request.startedMs -= ageMs
                let job = JobRecord(
                    id: JobID(high: 1, low: UInt64(number)), operation: "x", object: "volume/x",
                    by: "x", startedMs: 0
                ).ended(.done, atMs: Date.nowMs - ageMs)
                last = try await cluster.store.txn(
                    if: [],
                    then: [
                        .put(
                            key: cluster.keys.request("\(number)"),
                            value: try RecordCoding.encode(request)),
                        .put(key: cluster.keys.job(job.id), value: try RecordCoding.encode(job)),
                    ]
                ).revision
            }
            _ = try await node.mirror.wait(for: last, timeout: .seconds(30))
            try await node.jobs.trim()
            let requests = try await cluster.store.list(prefix: cluster.keys.requests).values
            #expect(requests.map(\.key) == [cluster.keys.request("0")])
            #expect(try await cluster.jobs().map(\.id.low) == [0, 1])
        }
    }
}
