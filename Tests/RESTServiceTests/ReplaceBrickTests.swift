import BrickAPI
import FoundationEssentials
import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreMirror
import StoreTesting
import SwiftProtobuf
import Synchronization
import Testing
import Transaction

@testable import RESTService

/// `POST /v1/volumes/{volume}/replacebrick`: a set of three on n7, n8 and n9; n10 is free.
@Suite struct ReplaceBrickTests {
    private static let holders: [UInt64] = [7, 8, 9]
    private static let path = "/v1/volumes/gv0/replacebrick"

    private static func peer(_ number: UInt64) -> PeerID { PeerID(high: number, low: number) }

    /// The nodes do every step; what they did is noted.
    private final class Nodes: StepTarget {
        let steps = Mutex<[String]>([])
        let isBroken: Bool

        init(isBroken: Bool = false) { self.isBroken = isBroken }

        func isAway(_: PeerID) async -> Bool { false }

        func run(_ command: StepCommand, on peer: PeerID) async throws {
            steps.withLock {
                $0.append("\(command.step)\(command.isUndo ? " undone" : "") on \(peer.high)")
            }
            if isBroken, !command.isUndo { throw Refusal.refused }
        }
    }

    private enum Refusal: Error { case refused }

    private static func with(
        steps: Nodes = Nodes(), state: VolumeState = .started,
        layout: SubvolumeLayout = .replicate(copies: 3, arbiter: false), silent: [UInt64] = [],
        convergence: Duration = .seconds(30), _ body: (RESTFixture) async throws -> Void
    ) async throws {
        try await RESTFixture.with(steps: steps, convergence: convergence) { rest in
            try await rest.write(schema: 2)
            for number in holders + [10] { try await rest.addPeer("n\(number)", number: number) }
            try await rest.addVolume(
                "gv0", state: state, bricksOn: holders.map(peer), layout: layout)
            for number in holders + [10] where !silent.contains(number) {
                try await rest.setAlive(peer(number))
                // That of n10 says nothing of its directories either.
                guard number != 10 else { continue }
                let state = BrickState(
                    report: BrickReport(
                        index: Int(number) - 7, path: "/bricks/gv0", phase: .online),
                    fileSystem: "", mountOptions: "", capacityBytes: 0, usedBytes: 0, freeBytes: 0)
                let reply = Gd2_Brick_V1_VolumeStatusReply.with { $0.bricks = [.init(state)] }
                await rest.cluster.set(answer: try reply.serializedBytes(), of: peer(number))
            }
            await rest.cluster.set(
                states: (holders + [10]).map { number in
                    PeerState(
                        peer: peer(number), isReachable: !silent.contains(number), role: .client,
                        heardAgo: .seconds(silent.contains(number) ? 12 : 0),
                        message: silent.contains(number) ? "timed out" : "")
                })
            try await body(rest)
        }
    }

    private static func body(_ more: String = "", old: String = "n9", new: String = "n10") -> String
    {
        #"{"src-peerid":"\#(old)","src-brickpath":"/bricks/gv0","dst-peerid":"\#(new)","#
            + #""dst-brickpath":"/bricks/new"\#(more.isEmpty ? "" : "," + more)}"#
    }

    private static func head(_ rest: RESTFixture) async throws -> (VolumeHead, KeyValue) {
        let keys = try await rest.store.identity().keys
        let found = try await rest.store.list(prefix: keys.volumes).values.first {
            $0.key.hasSuffix("/head")
        }
        let value = try #require(found)
        return (try RecordCoding.decode(VolumeHead.self, from: value.value), value)
    }

    /// The nodes do what the new head wants, and say so.
    private static func report(_ rest: RESTFixture, by numbers: [UInt64]) async throws {
        for _ in 0..<6_000 {
            let (head, value) = try await head(rest)
            if head.generation == 2 {
                let keys = try await rest.store.identity().keys
                try await rest.put(
                    numbers.map { number in
                        let report = VolumeReport(
                            volume: head.id, bootID: "",
                            incarnation: IncarnationID(high: 1, low: number),
                            headRevision: value.modRevision, converged: true, bricks: [])
                        return .put(
                            key: keys.volumeReport(head.id, by: peer(number)),
                            value: try RecordCoding.encode(report))
                    })
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func theHeadNamesTheNewGenerationAndTheOldOneIsGone() async throws {
        let nodes = Nodes()
        try await Self.with(steps: nodes) { rest in
            async let reported: Void = Self.report(rest, by: [7, 8, 10])
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            try await reported
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            // GD2 answers with the volume of before.
            let bricks = try answer.value(VolumeInfo.self).subvols[0].bricks
            #expect(bricks.map(\.path) == ["/bricks/gv0", "/bricks/gv0", "/bricks/new"])
            #expect(bricks[2].peerID == "\(Self.peer(10))")
            let (head, _) = try await Self.head(rest)
            #expect(head.generation == 2 && head.state == .started)
            let volume = try #require(ClusterState(rest.mirror.view).volumes[head.id])
            #expect(volume.topology.bricks.map(\.index) == [0, 1, 2])
            let keys = try await rest.store.identity().keys
            let old = try await rest.store.list(prefix: keys.generation(head.id, 1)).values
            #expect(old.isEmpty)
            #expect(try await rest.store.list(prefix: keys.transactions).values.isEmpty)
            #expect(nodes.steps.withLock { $0 } == ["0 on 10", "1 on 9"])
        }
    }

    @Test func aStepThatFailsLeavesNothingBehind() async throws {
        let nodes = Nodes(isBroken: true)
        try await Self.with(steps: nodes) { rest in
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            #expect(answer.status >= 400)
            let (head, _) = try await Self.head(rest)
            #expect(head.generation == 1)
            let keys = try await rest.store.identity().keys
            let new = try await rest.store.list(prefix: keys.generation(head.id, 2)).values
            #expect(new.isEmpty)
            #expect(try await rest.store.list(prefix: keys.transactions).values.isEmpty)
            #expect(nodes.steps.withLock { $0 } == ["0 on 10", "0 undone on 10"])
        }
    }

    @Test func aBrickThatDoesNotComeUpIsSaidAndStays() async throws {
        try await Self.with(convergence: .seconds(1)) { rest in
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            #expect(answer.status == 504)
            let text = try answer.error().errors[0].message
            #expect(text.contains("n9:/bricks/gv0 of volume gv0 is replaced by n10:/bricks/new"))
            #expect(text.contains("peer n10 has not answered"))
            #expect(try await Self.head(rest).0.generation == 2)
        }
    }

    @Test func aFenceIsRecordedWithTheChangeAndShown() async throws {
        try await Self.with(silent: [9]) { rest in
            async let reported: Void = Self.report(rest, by: [7, 8, 10])
            let answer = try await rest.send(
                .post, Self.path, body: Self.body(#""fence":["n9"]"#))
            try await reported
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let keys = try await rest.store.identity().keys
            let (head, _) = try await Self.head(rest)
            let stored = try #require(
                try await rest.store.get(keys.fence(Self.peer(9), head.id)))
            let fence = try RecordCoding.decode(StoredFence.self, from: stored.value)
            #expect(fence.generation == 2 && fence.name.description == "gv0")
            #expect(fence.by == "uid 0" && fence.sinceMs > 0)
            let peer = try await rest.send(.get, "/v1/peers/n9").value(PeerInfo.self)
            #expect(peer.fences?.map(\.volume) == ["gv0"])
            #expect(peer.fences?.first?.job == fence.job.description)
        }
    }

    private static let silentBrick = "n9 does not answer since 12 s (timed out)"

    @Test(
        arguments: [
            (body(), [9], 409, silentBrick), (body(old: "n8"), [9], 409, silentBrick),
            (body(#""fence":["n8"]"#), [9], 409, "n8 answers"),
            (body(#""fence":["n10"]"#), [], 409, "n10 has no brick"),
            (body(#""fence":["n11"]"#), [], 400, "n11, which is to be fenced, is no peer"),
            (body(old: "n1"), [], 404, "whose bricks are n7:/bricks/gv0, n8:/bricks/gv0"),
            (body(new: "n8"), [], 400, "more than one brick on one host"),
            (body(new: "n11"), [], 400, "n11 is no peer"),
            (body(#""flags":{"x":true}"#), [], 400, "flag x is none of"),
            (
                #"{"src-peerid":"n9","src-brickpath":"/bricks/gv0"}"#, [], 400,
                "dst-peerid and dst-brick"
            ),
            ("{}", [], 400, "src-peerid is missing"),
            // Nobody has the data.
            (body(#""fence":["n7","n8"],"force":true"#), [7, 8], 409, "no other brick of its set"),
        ] as [(String, [UInt64], Int, String)])
    func whatIsNotPossibleIsRefusedAndChangesNothing(
        body: String, silent: [UInt64], status: Int, says: String
    ) async throws {
        for query in ["", "?dry-run=true"] {
            try await Self.with(silent: silent) { rest in
                let answer = try await rest.send(.post, Self.path + query, body: body)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == status && text.contains(says), "\(text)")
                let keys = try await rest.store.identity().keys
                #expect(try await rest.store.list(prefix: keys.jobs).values.isEmpty)
                #expect(try await Self.head(rest).0.generation == 1)
            }
        }
    }

    @Test(arguments: [
        (VolumeState.stopped, SubvolumeLayout.replicate(copies: 3, arbiter: false), "not started"),
        (.started, .distribute, "only bricks of replicate and disperse volumes"),
    ])
    func volumesThatCannotBeHealedAreRefused(
        state: VolumeState, layout: SubvolumeLayout, says: String
    ) async throws {
        try await Self.with(state: state, layout: layout) { rest in
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            #expect(answer.status == 409)
            #expect(try answer.error().errors[0].message.contains(says))
        }
    }

    @Test func olderProgramsAreInTheWay() async throws {
        try await Self.with { rest in
            try await rest.write(schema: 1)
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            #expect(answer.status == 409)
            #expect(try answer.error().errors[0].message.contains("replace-brick needs schema 2"))
        }
    }

    @Test func aNodeThatAnswersWithoutTheStoreIsInTheWay() async throws {
        try await Self.with { rest in
            let keys = try await rest.store.identity().keys
            try await rest.put([.delete(key: keys.alive(Self.peer(8)))])
            let answer = try await rest.send(.post, Self.path, body: Self.body())
            #expect(answer.status == 409)
            #expect(try answer.error().errors[0].message.contains("n8 answers, and does not reach"))
        }
    }

    @Test func aDryRunSaysWhatWouldBe() async throws {
        try await Self.with(silent: [8, 9]) { rest in
            let before = await rest.store.revision
            let answer = try await rest.send(
                .post, Self.path + "?dry-run=true", body: Self.body(#""fence":["n8","n9"]"#))
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let plan = try answer.value(DryRunInfo.self)
            #expect(
                plan.changes.map(\.object)
                    == ["brick/n10:/bricks/new", "brick/n9:/bricks/gv0", "peer/n8", "peer/n9"])
            #expect(plan.changes.map(\.action) == [.prepare, .release, .fence, .fence])
            #expect(plan.notes.contains { $0.contains("n8, n9, started together") })
            #expect(await rest.store.revision == before)
        }
    }
}
