import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreMirror
import StoreTesting
import Testing

@testable import RESTService

@Suite struct DoctorTests {
    private static let own = PeerID(high: 2, low: 2)
    private static let other = PeerID(high: 7, low: 7)

    private static func report(isOpen: Bool = false) -> NodeReport {
        NodeReport(
            member: .init(
                id: 1, leader: 1, version: "3.5.16", databaseBytes: 10, quotaBytes: 1_000,
                raftIndex: 5),
            isOpenToJoin: isOpen, snapshotTaken: .max / 2)
    }

    private static func doctor(_ rest: RESTFixture) async throws -> DoctorInfo {
        let answer = try await rest.send(.get, "/v1/doctor")
        #expect(answer.status == 200)
        return try answer.value(DoctorInfo.self)
    }

    @Test func aWellNodeHasNoFindings() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                states: [PeerState(peer: Self.own, isReachable: true, role: .voter)])
            await rest.cluster.set(nodes: [AskedNode(peer: Self.own, report: Self.report())])
            let found = try await Self.doctor(rest)
            #expect(found.findings.isEmpty)
            #expect(found.node == "n1" && found.checks > 5)
        }
    }

    private struct Silence: Error {}

    @Test func aProgramThatDoesNotAnswerAndARecordThatCannotBeReadAreFindings() async throws {
        let programs = [
            OwnProgram(name: "gd2-pmap") { throw Silence() },
            OwnProgram(name: "gd2-brickd") {},
        ]
        try await RESTFixture.with(programs: programs) { rest in
            await rest.cluster.set(
                states: [PeerState(peer: Self.own, isReachable: true, role: .voter)])
            await rest.cluster.set(nodes: [AskedNode(peer: Self.own, report: Self.report())])
            let identity = try await rest.store.identity()
            let key = identity.keys.volumeHead(VolumeID(high: 4, low: 4))
            let written = try await rest.store.txn(
                if: [], then: [.put(key: key, value: Array("{".utf8))])
            _ = try await rest.mirror.wait(for: written.revision, timeout: .seconds(30))
            let found = try await Self.doctor(rest).findings
            #expect(found.map(\.code) == ["RECORD_UNREADABLE", "PROGRAM_SILENT"])
            #expect(found.first?.why.contains(key) == true)
            #expect(found.last?.why.contains("gd2-pmap") == true)
        }
    }

    @Test func reportsAndProbesOfOtherNodesAreFindings() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.addPeer("n3", number: 8)
            await rest.cluster.set(
                states: [
                    PeerState(peer: Self.own, isReachable: true, role: .voter),
                    PeerState(
                        peer: Self.other, isReachable: true, role: .client,
                        clockSkew: .seconds(-2), heardAgo: .seconds(1)),
                    PeerState(
                        peer: PeerID(high: 8, low: 8), isReachable: false, role: .client,
                        heardAgo: .seconds(12), message: "timed out"),
                ])
            await rest.cluster.set(
                nodes: [
                    AskedNode(peer: Self.own, report: Self.report()),
                    AskedNode(peer: Self.other, report: Self.report(isOpen: true)),
                    AskedNode(
                        peer: PeerID(high: 8, low: 8), report: nil, message: "it does not answer"),
                ])
            let found = try await Self.doctor(rest).findings
            #expect(
                found.map { "\($0.severity) \($0.code) \($0.name ?? "")" } == [
                    "error PEER_SILENT n3", "warning CLOCK_SKEW n2", "warning OPEN_JOIN n2",
                ])
            #expect(found.first?.why == "it does not answer since 12 s: timed out")
        }
    }

    /// Beyond nine nodes not everyone probes everyone; they are asked all the same.
    @Test func aNodeThatAnsweredIsNotSilentThoughItIsNotProbed() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.addPeer("n3", number: 8)
            let third = PeerID(high: 8, low: 8)
            await rest.cluster.set(
                states: [
                    PeerState(peer: Self.own, isReachable: true, role: .voter),
                    PeerState(
                        peer: Self.other, isReachable: false, role: .client,
                        message: "it was not asked yet"),
                    PeerState(peer: third, isReachable: true, role: .client, heardAgo: .zero),
                ])
            await rest.cluster.set(
                nodes: [Self.own, Self.other].map { AskedNode(peer: $0, report: Self.report()) }
                    + [AskedNode(peer: third, report: nil, message: "its version is 0.9.0")])
            let found = try await Self.doctor(rest).findings
            #expect(found.map(\.code) == ["NODE_UNREPORTED"])
            #expect(found.first?.why.contains("its version is 0.9.0") == true)
        }
    }
}
