import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreTesting
import Testing

@testable import RESTService

@Suite struct ClusterRoutesTests {
    private static let own = PeerID(high: 2, low: 2)

    private static func member(_ number: UInt64, isHealthy: Bool = true) -> StoreMember {
        StoreMember(
            id: "\(number)", peer: PeerID(high: number, low: number), isLearner: false,
            isLeader: number == 2, isHealthy: isHealthy)
    }

    @Test func theClusterSaysItsVotersAndWhatIsMissing() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.addPeer("n3", number: 8)
            await rest.cluster.set(
                members: StoreMembers(
                    members: [Self.member(2), Self.member(7), Self.member(8, isHealthy: false)],
                    plan: "waits for n3", votersWanted: 3))
            await rest.cluster.set(
                states: [
                    PeerState(
                        peer: PeerID(high: 7, low: 7), isReachable: true, role: .voter,
                        clockSkew: .milliseconds(2_340), heardAgo: .seconds(1)),
                    PeerState(
                        peer: PeerID(high: 8, low: 8), isReachable: false, role: .voter,
                        heardAgo: .seconds(12), message: "timed out"),
                ])
            let answer = try await rest.send(.get, "/v1/cluster")
            let cluster = try answer.value(ClusterInfo.self)
            #expect(cluster.node.name == "n1")
            #expect(cluster.peersUp == 2 && cluster.peersTotal == 3)
            #expect(
                cluster.quorum
                    == .init(
                        voters: ["n1", "n2", "n3"], votersUp: 2, votersNeeded: 2, votersWanted: 3))
            #expect(cluster.isWritable && cluster.isDegraded)
            #expect(
                cluster.warnings == [
                    "2 of 3 voters of the store answer and 2 are needed: one more that fails stops "
                        + "all changes",
                    "the clock of peer n2 is 2.3 s ahead of that of n1: make them keep time "
                        + "(chrony, systemd-timesyncd)",
                    "peer n3 does not answer since 12 s: timed out",
                ])
            #expect(cluster.plan == "waits for n3")
        }
    }

    @Test func aWellClusterHasNoWarnings() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                members: StoreMembers(members: [Self.member(2)], plan: "", votersWanted: 1))
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(cluster.warnings.isEmpty && !cluster.isDegraded)
            #expect(cluster.plan == nil)
        }
    }

    @Test func withoutMembersTheProbesSayWhoVotes() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2")
            await rest.cluster.set(status: StoreStatus(available: false, message: "no quorum"))
            await rest.cluster.set(
                states: [
                    PeerState(peer: Self.own, isReachable: true, role: .voter),
                    PeerState(peer: PeerID(high: 7, low: 7), isReachable: false, role: .voter),
                ])
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(
                cluster.quorum == .init(voters: ["n1", "n2"], votersUp: 1, votersNeeded: 2))
            #expect(!cluster.isWritable)
            #expect(
                cluster.warnings == [
                    "1 of 2 voters of the store answer and 2 are needed: nothing can be changed",
                    "peer n2 does not answer",
                ])
        }
    }

    @Test func whyTheOnlyVoterDoesNotAnswerIsSaid() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(status: StoreStatus(available: false, message: "no data"))
            await rest.cluster.set(
                members: StoreMembers(
                    members: [Self.member(2, isHealthy: false)], plan: "", votersWanted: 1))
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(cluster.quorum?.votersUp == 0 && cluster.quorum?.votersNeeded == 1)
            #expect(!cluster.isWritable && cluster.store == "no data")
            let doctor = try await rest.send(.get, "/v1/doctor").value(DoctorInfo.self)
            #expect(doctor.findings.contains { $0.why.contains("(no data)") })
        }
    }

    @Test func anOldOrDamagedSnapshotIsWarnedOf() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                snapshots: [
                    StoreSnapshot(
                        name: "a", path: "/a", created: 10, bytes: 1, revision: 1, digest: ""),
                    StoreSnapshot(
                        name: "b", path: "/b", created: 20, bytes: 1, revision: 1, digest: "",
                        isDamaged: true, message: "digest differs"),
                ])
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(cluster.snapshot?.name == "a")
            #expect(cluster.warnings.first == "snapshot b is damaged: digest differs")
            #expect(cluster.warnings.last?.contains("glustercli cluster snapshot save") == true)
        }
    }

    @Test func membersAreNamed() async throws {
        try await RESTFixture.with { rest in
            #expect(try await rest.send(.get, "/v1/cluster/members").status == 503)
            await rest.cluster.set(
                members: StoreMembers(members: [Self.member(2)], plan: "p", votersWanted: 1))
            let found = try await rest.send(.get, "/v1/cluster/members").value(MembersInfo.self)
            #expect(found.members.map(\.name) == ["n1"])
            #expect(found.members.first?.role == "leader")
            #expect(found.missing == nil)
        }
    }

    @Test func whatOfTheMembersIsMissingIsSaid() async throws {
        try await RESTFixture.with { rest in
            let why = "plan: n2 leads: it does not answer"
            await rest.cluster.set(
                members: StoreMembers(
                    members: [Self.member(2)], plan: "", votersWanted: 1, missing: [why]))
            let found = try await rest.send(.get, "/v1/cluster/members").value(MembersInfo.self)
            #expect(found.missing == [why])
        }
    }

    @Test func snapshotsAndRecoveryNeedNoFreshView() async throws {
        try await RESTFixture.with { rest in
            let made = try await rest.send(.post, "/v1/cluster/snapshots")
            #expect(made.status == 201)
            #expect(try made.value(SnapshotInfo.self).name == "s0")
            let listed = try await rest.send(.get, "/v1/cluster/snapshots")
            #expect(try listed.value([SnapshotInfo].self).count == 1)
            let dry = try await rest.send(
                .post, "/v1/cluster/recover?dry-run=true", body: #"{"snapshot":"s0"}"#)
            #expect(
                try dry.value(DryRunInfo.self).changes.map(\.text) == ["would recover from s0"])
            let done = try await rest.send(.post, "/v1/cluster/recover")
            #expect(try done.value(OutcomeInfo.self).message == "recovered from itself")
        }
    }

    @Test func anExchangeOfAuthoritiesIsShownWithWhoIsMissing() async throws {
        try await RESTFixture.with { rest in
            let lack = StoreAuthorities.Lack(
                peer: PeerID(high: 7, low: 7), name: "n2", message: "it does not answer")
            var known = StoreAuthorities(
                authorities: [.init(use: .nodes, fingerprint: "ab", expires: 86_400, signs: true)],
                exchange: .init(phase: "trusting", began: 5, ended: nil, lacking: [lack]))
            await rest.cluster.set(authorities: known)
            let found = try await rest.send(.get, "/v1/cluster/authorities")
                .value(AuthoritiesInfo.self)
            #expect(found.exchange?.lacking.map(\.name) == ["n2"])
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(cluster.exchange?.phase == "trusting")
            #expect(cluster.warnings.contains { $0.contains("authority for nodes ends in") })
            #expect(found.removed == nil && cluster.removedHolders == nil)
            known.removed = [
                .init(
                    peer: PeerID(high: 9, low: 9), name: "n9", removed: 7, message: "it is awaited")
            ]
            known.exchange?.phase = "done"
            await rest.cluster.set(authorities: known)
            let after = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            #expect(after.exchange == nil)
            #expect(after.removedHolders?.map(\.name) == ["n9"])
            let doctor = try await rest.send(.get, "/v1/doctor").value(DoctorInfo.self)
            let finding = doctor.findings.first { $0.code == "REMOVED_PEER_HAS_KEYS" }
            let text = "it is awaited; waiting for n2: it does not answer"
            #expect(finding?.why.contains(text) == true)
        }
    }

    @Test func authoritiesAreExchangedOnlyWithoutDryRun() async throws {
        try await RESTFixture.with { rest in
            let path = "/v1/cluster/authorities/exchange"
            let dry = try await rest.send(.post, path + "?dry-run=true")
            #expect(try dry.value(DryRunInfo.self).changes.map(\.text) == ["would be replaced"])
            #expect(await rest.cluster.asked == ["exchange dry=true"])
            let done = try await rest.send(.post, path)
            #expect(done.status == 202)
            #expect(try done.value(OutcomeInfo.self).message == "are replaced")
        }
    }

    @Test func aNodeJoinsWithAGoodTokenAlone() async throws {
        try await RESTFixture.with { rest in
            let joined = try await rest.send(.post, "/v1/cluster/join", body: #"{"token":"good"}"#)
            #expect(try joined.value(JoinInfo.self).peerID == "\(Self.own)")
            let bad = try await rest.send(.post, "/v1/cluster/join", body: #"{"token":"bad"}"#)
            #expect(bad.status == 403)
            let none = try await rest.send(.post, "/v1/cluster/join", body: #"{"token":""}"#)
            #expect(none.status == 400)
        }
    }
}
