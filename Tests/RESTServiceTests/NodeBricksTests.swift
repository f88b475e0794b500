import BrickAPI
import GD2Error
import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import SwiftProtobuf
import Testing

@testable import RESTService

/// Bricks of other nodes; this node's gd2-brickd is away in these tests, and waited for in vain.
@Suite struct NodeBricksTests {
    private static let own = PeerID(high: 2, low: 2)
    private static let near = PeerID(high: 7, low: 7)
    private static let far = PeerID(high: 8, low: 8)

    /// What gd2-brickd answers of its one brick.
    private static func answer(index: Int, port: Int) throws -> [UInt8] {
        let state = BrickState(
            report: BrickReport(index: index, path: "/b", phase: .online, pid: 9, port: port),
            fileSystem: "xfs", mountOptions: "rw", capacityBytes: 100, usedBytes: 40,
            freeBytes: 60)
        let reply = Gd2_Brick_V1_VolumeStatusReply.with { $0.bricks = [.init(state)] }
        return try reply.serializedBytes()
    }

    private static func withThreeNodes(
        _ body: (RESTFixture) async throws -> Void
    ) async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.addPeer("n3", number: 8)
            try await rest.addVolume("gv0", state: .started, bricksOn: [near, far])
            try await body(rest)
        }
    }

    @Test func whatANodeSaysIsShownAndWhoSaysNothingIsNamed() async throws {
        try await Self.withThreeNodes { rest in
            await rest.cluster.set(answer: try Self.answer(index: 0, port: 50_000), of: Self.near)
            await rest.cluster.set(
                states: [
                    PeerState(peer: Self.near, isReachable: true, role: .voter),
                    PeerState(
                        peer: Self.far, isReachable: false, role: .voter, heardAgo: .seconds(12)),
                ])
            let answer = try await rest.send(.get, "/v1/volumes/gv0/status")
            let status = try answer.value(VolumeStatus.self)
            #expect(status.online)
            let bricks = try #require(status.bricks)
            #expect(bricks.map(\.isStale) == [nil, true])
            #expect(bricks.map(\.port) == [50_000, 49_152])
            #expect(bricks[0].size.free == 60 && bricks[0].fsType == "xfs")
            #expect(bricks[1].message == "as last reported: n3 does not answer since 12 s")
            #expect(status.missingNodes?.map(\.message) == ["n3 does not answer since 12 s"])
            // One that is known not to answer is not waited for.
            #expect(await rest.cluster.asked == ["VolumeStatus of \(Self.near)"])
        }
    }

    @Test func aNodeThatIsSilentIsNotWaitedForLong() async throws {
        try await Self.withThreeNodes { rest in
            await rest.cluster.setSilent(Self.near)
            await rest.cluster.set(answer: try Self.answer(index: 1, port: 50_000), of: Self.far)
            let answer = try await rest.send(.get, "/v1/volumes/gv0/bricks")
            let bricks = try answer.value([BrickStatus].self)
            #expect(bricks.map(\.isStale) == [true, nil])
            #expect(bricks[0].message == "as last reported: gd2-brickd of n2 does not answer")
        }
    }

    @Test func aStepOfANodeThatIsSilentFailsAtOnce() async throws {
        try await Self.withThreeNodes { rest in
            await rest.cluster.setSilent(Self.far)
            await rest.cluster.set(
                states: [
                    PeerState(
                        peer: Self.far, isReachable: false, role: .voter, heardAgo: .seconds(12))
                ])
            let command = StepCommand(
                transaction: TransactionID(high: 1, low: 1), step: 0, isUndo: false,
                fence: FencingToken(epoch: Epoch(1), token: 1))
            let error = await #expect(throws: GD2Error.self) {
                try await rest.nodes.run(command, on: Self.far)
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message.hasPrefix("peer n3 does not answer") == true)
        }
    }

    @Test func aNodeThatMissedOneProbeIsStillWaitedFor() async throws {
        try await Self.withThreeNodes { rest in
            await rest.cluster.set(
                states: [
                    PeerState(
                        peer: Self.near, isReachable: false, role: .voter, heardAgo: .seconds(1)),
                    PeerState(
                        peer: Self.far, isReachable: false, role: .voter, heardAgo: .seconds(4)),
                ])
            #expect(await rest.nodes.local.silent(of: [Self.near, Self.far]) == [Self.far])
        }
    }

    @Test func thisNodesOwnBricksAreShownAsReportedToo() async throws {
        try await RESTFixture.with { rest in
            try await rest.addVolume("gv0", state: .started, bricksOn: [Self.own])
            let answer = try await rest.send(.get, "/v1/volumes/gv0/status")
            let status = try answer.value(VolumeStatus.self)
            #expect(status.bricks?.map(\.isStale) == [true])
            #expect(status.missingNodes?.map(\.message) == ["gd2-brickd does not answer"])
        }
    }

    @Test func aStepOfAnotherNodeIsRelayedAndItsFailureComesBack() async throws {
        try await Self.withThreeNodes { rest in
            let command = StepCommand(
                transaction: TransactionID(high: 1, low: 1), step: 0, isUndo: false,
                fence: FencingToken(epoch: Epoch(1), token: 1))
            await rest.cluster.set(answer: [], of: Self.near)
            try await rest.nodes.run(command, on: Self.near)
            let failure = Gd2_Brick_V1_RunStepReply.with {
                $0.error = "/b is no directory"
                $0.code = ErrorCode.invalid.rawValue
                $0.fields = ["brick": "/b"]
            }
            await rest.cluster.set(answer: try failure.serializedBytes(), of: Self.far)
            await #expect(
                throws: GD2Error(.invalid, "/b is no directory", fields: ["brick": "/b"])
            ) {
                try await rest.nodes.run(command, on: Self.far)
            }
            await rest.cluster.set(answer: [0xff], of: Self.far)
            let error = await #expect(throws: GD2Error.self) {
                try await rest.nodes.run(command, on: Self.far)
            }
            #expect(error?.code == .internal)
        }
    }
}
