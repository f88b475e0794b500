import BrickAPI
import FoundationEssentials
import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreTesting
import Synchronization
import Testing
import Transaction

@testable import RESTService

/// `/v1/jobs`, `?async=true` and idempotency keys.
@Suite struct JobRoutesTests {
    private static let id = "00000000-0000-0000-0000-000000000009"

    /// Nodes that do every step, once `gate` is open.
    private final class Gate: StepTarget {
        func isAway(_: PeerID) async -> Bool { false }

        private let state = Mutex((isOpen: true, undone: 0))
        var isOpen: Bool {
            get { state.withLock { $0.isOpen } }
            set { state.withLock { $0.isOpen = newValue } }
        }
        var undone: Int { state.withLock { $0.undone } }

        func run(_ command: StepCommand, on peer: PeerID) async throws {
            while !isOpen { try await Task.sleep(for: .milliseconds(5)) }
            if command.isUndo { state.withLock { $0.undone += 1 } }
        }
    }

    private static func create(_ name: String) -> String {
        """
        {"name": "\(name)", "subvols": [{"type": "distribute", "bricks": [
            {"peerid": "n1", "path": "/bricks/\(name)"}]}]}
        """
    }

    private static func headers(_ key: String) -> HTTPFields {
        var headers: HTTPFields = [:]
        if let name = HTTPField.Name(idempotencyHeader) { headers[name] = key }
        return headers
    }

    private static func job(_ answer: RESTFixture.Answer) throws -> JobInfo {
        try answer.value(JobInfo.self)
    }

    /// The job at its end.
    private static func ended(_ id: String, _ rest: RESTFixture) async throws -> JobInfo {
        let job = try job(try await rest.send(.get, "/v1/jobs/\(id)?wait=30"))
        #expect(job.state.hasEnded)
        return job
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/v1/jobs/x", 400), (.get, "/v1/jobs/\(id)", 404),
        (.post, "/v1/jobs/\(id)/cancel", 404), (.get, "/v1/jobs?state=none", 400),
        (.get, "/v1/jobs/\(id)?wait=long", 404), (.get, "/v1/jobs", 200),
        (.get, "/v1/jobs?state=running&object=volume/gv0", 200), (.delete, "/v1/jobs/\(id)", 405),
        (.post, "/v1/volumes/options-group?async=true", 400),
        (.post, "/v1/jobs/\(id)/cancel?dry-run=true", 404),
    ])
    func aRequestHasItsStatus(method: HTTPRequest.Method, path: String, status: Int) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(method, path)
            #expect(answer.status == status)
        }
    }

    @Test func aCreationIsAJobAndTakesTwoWrites() async throws {
        try await RESTFixture.with(steps: Gate()) { rest in
            // With the first creation the session is there.
            _ = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            let before = await rest.store.revision
            let answer = try await rest.send(
                .post, "/v1/volumes", body: Self.create("gv1"), headers: Self.headers("k"))
            #expect(answer.status == 201)
            #expect(await rest.store.revision == before + 2)
            let jobs = try await rest.send(.get, "/v1/jobs?object=volume/gv1&state=done")
                .value([JobInfo].self)
            let job = try #require(jobs.first)
            #expect(jobs.count == 1 && job.operation == "create-volume" && job.by == "uid 0")
            #expect(job.result == "/v1/volumes/gv1" && job.ended != nil && job.peer == "n1")
        }
    }

    @Test func anAsynchronousChangeIsAnsweredWithItsJob() async throws {
        let gate = Gate()
        try await RESTFixture.with(steps: gate) { rest in
            gate.isOpen = false
            let answer = try await rest.send(
                .post, "/v1/volumes?async=true", body: Self.create("gv0"))
            #expect(answer.status == 202)
            let job = try Self.job(answer)
            #expect(answer.headers[.location] == "/v1/jobs/\(job.id)")
            #expect(job.state == .running)
            #expect(job.progress.text == "step 1 of 1: prepare-bricks on n1")
            // Who wants the same volume meanwhile is told who has it.
            let refused = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            #expect(refused.status == 409)
            let fields = try refused.error().errors.first?.fields
            #expect(fields?["job"] == job.id && fields?["peer"] == "n1")
            gate.isOpen = true
            #expect(try await Self.ended(job.id, rest).state == .done)
            #expect(try await rest.send(.get, "/v1/volumes/gv0").status == 200)
        }
    }

    @Test func aCreationIsCancelledUpToItsCommit() async throws {
        let gate = Gate()
        try await RESTFixture.with(steps: gate) { rest in
            gate.isOpen = false
            let job = try Self.job(
                try await rest.send(.post, "/v1/volumes?async=true", body: Self.create("gv0")))
            let cancel = "/v1/jobs/\(job.id)/cancel"
            let before = await rest.store.revision
            let dry = try await rest.send(.post, cancel + "?dry-run=true").value(DryRunInfo.self)
            #expect(dry.changes.map(\.object) == ["job/\(job.id)"])
            #expect(dry.changes.first?.text.hasSuffix("volume gv0, would be undone") == true)
            #expect(await rest.store.revision == before)
            #expect(try await rest.send(.post, cancel).status == 202)
            gate.isOpen = true
            let ended = try await Self.ended(job.id, rest)
            #expect(ended.state == .cancelled && ended.result == nil)
            #expect(ended.error?.message.contains("cancelled by uid 0") == true)
            #expect(gate.undone == 1)
            #expect(try await rest.send(.get, "/v1/volumes/gv0").status == 404)
            #expect(try await rest.send(.post, cancel).status == 409)
            #expect(try await rest.send(.post, cancel + "?dry-run=true").status == 409)
            let keys = try await rest.store.identity().keys
            #expect(try await rest.store.list(prefix: keys.jobs).values.count == 1)
            #expect(try await rest.store.list(prefix: keys.locks).values.isEmpty)
        }
    }

    @Test func aDeletionIsPastItsCommitAtOnce() async throws {
        let gate = Gate()
        try await RESTFixture.with(steps: gate) { rest in
            _ = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            gate.isOpen = false
            let job = try Self.job(try await rest.send(.delete, "/v1/volumes/gv0?async=true"))
            let answer = try await rest.send(.post, "/v1/jobs/\(job.id)/cancel")
            #expect(answer.status == 409)
            #expect(try answer.error().errors.first?.message.contains("past its commit") == true)
            gate.isOpen = true
            #expect(try await Self.ended(job.id, rest).state == .done)
        }
    }

    @Test func theWaitOfAStartIsCancelledAndTheVolumeStaysStarted() async throws {
        try await RESTFixture.with(steps: Gate()) { rest in
            _ = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            let job = try Self.job(
                try await rest.send(.post, "/v1/volumes/gv0/start?async=true"))
            #expect(job.progress.missing?.first?.hasPrefix("peer n1 has not answered") == true)
            let answer = try await rest.send(.post, "/v1/jobs/\(job.id)/cancel")
            #expect(answer.status == 200)
            let ended = try Self.job(answer)
            #expect(ended.state == .cancelled)
            #expect(ended.error?.message.contains("gv0 is started all the same") == true)
            let volume = try await rest.send(.get, "/v1/volumes/gv0").value(VolumeInfo.self)
            #expect(volume.state == .started)
        }
    }

    @Test(arguments: [(true, 201), (false, 503)])
    func aNodeThatMissedOneProbeIsGivenAnother(answersAgain: Bool, status: Int) async throws {
        let far = PeerID(high: 8, low: 8)
        func state(_ isReachable: Bool) -> [PeerState] {
            [PeerState(peer: far, isReachable: isReachable, role: .voter, heardAgo: .seconds(1))]
        }
        try await RESTFixture.with(steps: Gate()) { rest in
            try await rest.addPeer("n3", number: 8)
            await rest.cluster.set(states: state(false))
            let body = Self.create("gv0").replacing("n1", with: "n3")
            async let answer = rest.send(.post, "/v1/volumes", body: body)
            var polls = 0
            while await rest.cluster.peersAsked == 0, polls < 6_000 {
                polls += 1
                try await Task.sleep(for: .milliseconds(5))
            }
            if answersAgain { await rest.cluster.set(states: state(true)) }
            #expect(try await answer.status == status)
        }
    }

    @Test func aStartDoesNotWaitForANodeThatIsSilentAndNamesIt() async throws {
        let far = PeerID(high: 8, low: 8)
        try await RESTFixture.with(steps: Gate()) { rest in
            try await rest.addPeer("n3", number: 8)
            try await rest.addVolume("gv0", state: .created, bricksOn: [far])
            await rest.cluster.set(
                states: [
                    PeerState(
                        peer: far, isReachable: false, role: .voter, heardAgo: .seconds(12))
                ])
            let answer = try await rest.send(.post, "/v1/volumes/gv0/start")
            #expect(answer.status == 200)
            let name = try #require(HTTPField.Name(silentNodesHeader))
            #expect(answer.headers[name] == "n3")
            let jobs = try await rest.send(.get, "/v1/jobs?object=volume/gv0")
                .value([JobInfo].self)
            let id = try #require(jobs.first?.id)
            #expect(try await Self.ended(id, rest).state == .done)
        }
    }

    @Test func aStartThatNodesDoNotAnswerFailsAndNamesThem() async throws {
        try await RESTFixture.with(steps: Gate(), convergence: .seconds(1)) { rest in
            _ = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            let answer = try await rest.send(
                .post, "/v1/volumes/gv0/start", headers: Self.headers("s"))
            #expect(answer.status == 504)
            let message = try answer.error().errors.first?.message
            #expect(message?.contains("n1 has not answered") == true)
            // Sent again it is answered in the same way, though the volume is started now.
            let again = try await rest.send(
                .post, "/v1/volumes/gv0/start", headers: Self.headers("s"))
            #expect(again.status == 504)
            #expect(try again.error().errors.first?.message == message)
        }
    }

    // MARK: The same request twice

    @Test func aRequestThatIsRepeatedIsMadeOnce() async throws {
        try await RESTFixture.with(steps: Gate()) { rest in
            let body = Self.create("gv0")
            let answers = try await withThrowingTaskGroup(of: RESTFixture.Answer.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        try await rest.send(
                            .post, "/v1/volumes", body: body, headers: Self.headers("a b"))
                    }
                }
                var all: [RESTFixture.Answer] = []
                for try await answer in group { all.append(answer) }
                return all
            }
            #expect(answers.allSatisfy { $0.status == 201 })
            #expect(Set(try answers.map { try $0.value(VolumeInfo.self).id }).count == 1)
            #expect(answers.allSatisfy { $0.headers[.location] == "/v1/volumes/gv0" })
            #expect(try await rest.send(.get, "/v1/jobs").value([JobInfo].self).count == 1)
            let deletions = [
                try await rest.send(.delete, "/v1/volumes/gv0", headers: Self.headers("d")),
                try await rest.send(.delete, "/v1/volumes/gv0", headers: Self.headers("d")),
            ]
            #expect(deletions.map(\.status) == [204, 204])
            let plain = try await rest.send(.delete, "/v1/volumes/gv0")
            #expect(plain.status == 404)
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.post, "/v1/volumes", create("gv1")),
        (.post, "/v1/volumes?async=true", create("gv0")), (.delete, "/v1/volumes/gv0", ""),
        (.post, "/v1/volumes/gv0/start", ""),
        (.post, "/v1/volumes/gv0/options", #"{"options":{"performance.cache-size":"64MB"}}"#),
        (
            .post, "/v1/volumes/options-group",
            #"{"name":"mine","options":[{"name":"performance.cache-size","onvalue":"64MB"}]}"#
        ),
    ])
    func theKeyOfAnotherRequestIsRefused(
        method: HTTPRequest.Method, path: String, body: String
    ) async throws {
        try await RESTFixture.with(steps: Gate()) { rest in
            let headers = Self.headers("once")
            let first = try await rest.send(
                .post, "/v1/volumes", body: Self.create("gv0"), headers: headers)
            #expect(first.status == 201)
            let before = await rest.store.revision
            let answer = try await rest.send(method, path, body: body, headers: headers)
            #expect(answer.status == 409)
            let message = try answer.error().errors.first?.message
            #expect(message?.contains("used for another request") == true)
            #expect(await rest.store.revision == before)
        }
    }

    @Test func optionsAndGroupsAreAnsweredAsBefore() async throws {
        try await RESTFixture.with(steps: Gate()) { rest in
            _ = try await rest.send(.post, "/v1/volumes", body: Self.create("gv0"))
            let group =
                #"{"name":"mine","options":[{"name":"performance.cache-size","onvalue":"64MB"}]}"#
            let requests: [(HTTPRequest.Method, String, String)] = [
                (
                    .post, "/v1/volumes/gv0/options",
                    #"{"options":{"performance.cache-size":"64MB"}}"#
                ),
                (.post, "/v1/volumes/options-group", group),
                (.delete, "/v1/volumes/options-group/mine", ""),
                (.delete, "/v1/volumes/gv0/options", ""),
            ]
            for (number, (method, path, body)) in requests.enumerated() {
                let headers = Self.headers("o\(number)")
                let first = try await rest.send(method, path, body: body, headers: headers)
                #expect(first.status < 300, "\(method) \(path)")
                let before = await rest.store.revision
                let again = try await rest.send(method, path, body: body, headers: headers)
                #expect(again.status == first.status && again.body == first.body, "\(path)")
                #expect(await rest.store.revision == before)
            }
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 129), "é", "a\tb"])
    func aKeyThatIsNoneIsRefused(key: String) async throws {
        try await RESTFixture.with { rest in
            let answer = try await rest.send(
                .post, "/v1/volumes", body: Self.create("gv0"), headers: Self.headers(key))
            #expect(answer.status == 400)
        }
    }
}
