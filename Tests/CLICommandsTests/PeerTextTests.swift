import GD2Error
import RESTAPI
import Testing

@testable import CLICommands

@Suite struct PeerTextTests {
    private static func peer(_ name: String, online: Bool = true) -> PeerInfo {
        PeerInfo(
            id: "id-\(name)", name: name, peerAddresses: ["\(name):24008"],
            clientAddresses: ["\(name):24007"], online: online,
            metadata: ["owner": "ann", "_zone": "z1"])
    }

    private static var peers: [PeerInfo] {
        var own = peer("h1")
        own.isSelf = true
        own.role = "voter"
        var ahead = peer("h2")
        ahead.role = "voter"
        ahead.clockSkewMs = 1_250
        ahead.heardSecondsAgo = 0
        var dead = peer("h3", online: false)
        dead.role = "client"
        dead.clockSkewMs = -4
        dead.heardSecondsAgo = 3_725
        dead.message = "connection refused"
        return [own, ahead, dead, peer("h4", online: false)]
    }

    @Test func statusSaysWhoAnswersAndWhyNot() {
        #expect(
            PeerText.status(Self.peers) == """
                NAME  ID     ROLE    REACHABLE        CLOCK SKEW  LAST HEARD     REASON
                h1    id-h1  voter   yes (this node)  -           -              -
                h2    id-h2  voter   yes              +1.2 s      0 s ago        -
                h3    id-h3  client  no               -4 ms       1 h 2 min ago  connection refused
                h4    id-h4  -       no               -           -              -

                """)
    }

    @Test func statusNamesWhatWaitsForANode() {
        var dead = Self.peer("h3", online: false)
        dead.leftToClean = [
            LeftToCleanInfo(
                volume: "gv0", volumeID: "v", job: "j1", bricks: ["/b/1", "/b/2"],
                since: "2026-11-21T17:00:00Z")
        ]
        let line =
            "has to clean up /b/1, /b/2 of volume gv0 when it is back (job j1 since "
            + "2026-11-21T17:00:00Z)\n"
        #expect(PeerText.status([dead]).hasSuffix("\nh3: " + line))
        #expect(PeerText.show(dead).contains("\nLeft: " + line))
    }

    @Test func statusNamesWhatWasChangedWithoutANode() {
        var dead = Self.peer("h3", online: false)
        dead.fences = [
            FenceInfo(
                volume: "gv0", volumeID: "v", generation: 2, by: "uid 0", job: "j1",
                since: "2026-11-21T17:00:00Z")
        ]
        let line =
            "is fenced: volume gv0 was changed without it at 2026-11-21T17:00:00Z by uid 0 "
            + "(job j1); start it only where it reaches the others\n"
        #expect(PeerText.status([dead]).hasSuffix("\nh3: " + line))
        #expect(PeerText.show(dead).contains("\nFence: " + line))
    }

    @Test func showHasEachThingOnALine() {
        var peer = Self.peers[2]
        peer.zone = "z1"
        #expect(
            PeerText.show(peer) == """
                Name: h3
                ID: id-h3
                Online: no
                Role: client
                Zone: z1
                Addresses: h3:24008
                Client addresses: h3:24007
                Clock skew: -4 ms
                Last heard: 1 h 2 min ago
                Reason: connection refused
                Metadata: owner=ann

                """)
    }

    @Test func tokensHaveTheirTimes() {
        let tokens = [TokenInfo(id: "t1", created: 0, expires: 3_600, usesLeft: 2)]
        #expect(
            PeerText.tokens(tokens) == """
                ID  CREATED               EXPIRES               USES LEFT
                t1  1970-01-01T00:00:00Z  1970-01-01T01:00:00Z  2

                """)
    }

    @Test func aClusterSaysItsQuorumAndItsWarnings() {
        var cluster = ClusterInfo(id: "c1", epoch: 3, node: .init(id: "id-h1", name: "h1"))
        cluster.peersUp = 2
        cluster.peersTotal = 3
        cluster.isWritable = true
        cluster.isDegraded = true
        cluster.quorum = .init(
            voters: ["h1", "h2", "h3"], votersUp: 2, votersNeeded: 2, votersWanted: 3)
        cluster.plan = "waits for h3"
        cluster.warnings = ["peer h3 does not answer since 12 s: timed out"]
        #expect(
            ClusterText.status(cluster) == """
                Cluster: c1, epoch 3
                Asked node: h1 (id-h1)
                State: degraded
                Peers: 2 of 3 up
                Changes: possible
                Voters: 2 of 3 up, 2 needed: h1, h2, h3
                Plan: waits for h3
                Warning: peer h3 does not answer since 12 s: timed out

                """)
    }

    @Test func membersAndSnapshotsAreTables() {
        let member = MemberInfo(
            id: "8e9e05c5", peerID: "id-h1", name: "h1", role: "leader", healthy: true,
            version: "3.5.16", databaseBytes: 2_048, raftIndex: 17)
        #expect(
            ClusterText.members(MembersInfo(members: [member], plan: "", votersWanted: 1)) == """
                NAME  MEMBER    ROLE    HEALTHY  VERSION  DATABASE  RAFT INDEX  NOTE
                h1    8e9e05c5  leader  yes      3.5.16   2.0 KiB   17          -
                Voters wanted: 1
                Plan: nothing to do

                """)
        var unknown = MemberInfo(
            id: "8e9e05c5", peerID: "id-h1", name: "h1", role: "voter", healthy: false,
            version: "", databaseBytes: 0, raftIndex: 0)
        unknown.message = "timed out"
        var found = MembersInfo(members: [unknown], plan: "", votersWanted: 1)
        found.missing = ["plan: h1 leads: it does not answer"]
        #expect(
            ClusterText.members(found) == """
                NAME  MEMBER    ROLE   HEALTHY  VERSION  DATABASE  RAFT INDEX  NOTE
                h1    8e9e05c5  voter  no       -        -         -           timed out
                Voters wanted: 1
                Plan: not known
                Missing: plan: h1 leads: it does not answer

                """)
        let snapshot = SnapshotInfo(
            name: "s1", path: "/s1", created: 86_400, bytes: 1_024, revision: 9, digest: "ab",
            damaged: true, message: "digest differs")
        #expect(
            ClusterText.snapshots([snapshot]) == """
                NAME  CREATED               SIZE     REVISION  STATE
                s1    1970-01-02T00:00:00Z  1.0 KiB  9         damaged: digest differs

                """)
    }

    @Test(arguments: [
        ("90s", 90), ("30m", 1_800), ("1h", 3_600), ("7d", 604_800), ("45", 45),
    ])
    func aTimeIsRead(text: String, seconds: Int) throws {
        #expect(try TimeText.seconds(text) == seconds)
    }

    @Test(arguments: ["", "h", "0s", "-1h", "1w", "1.5h", "9999999999999999999d"])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(throws: GD2Error.self) { try TimeText.seconds(text) }
    }

    @Test func staleAnswersAndMissingNodesAreSaidInALineEach() {
        #expect(
            APIClient.staleness("42", laterEpoch: nil)
                == "warning: the store does not answer since 42 s: this is what was known then")
        #expect(
            APIClient.staleness("42", laterEpoch: "3").hasSuffix(
                "before the store was recovered or restored (epoch 3): some of it may be undone"))
        #expect(!APIClient.staleness("unknown", laterEpoch: nil).contains("unknown"))
        let info = VolumeInfo(
            id: "i", name: "gv0", type: .distribute, state: .started, subvols: [])
        var status = VolumeStatus(info: info, online: true, size: SizeInfo())
        status.missingNodes = [
            MissingNode(peerID: "p3", name: "h3", message: "h3 does not answer since 12 s"),
            MissingNode(peerID: "p2", name: "h2", message: "gd2-brickd of h2 does not answer"),
        ]
        #expect(
            VolumeStatusCommand.missing([status, status]) == [
                "warning: gd2-brickd of h2 does not answer: shown as last reported",
                "warning: h3 does not answer since 12 s: shown as last reported",
            ])
    }

    @Test func aBrickOfASilentNodeIsTakenForKnownByNobody() {
        let info = BrickInfo(
            id: "i", path: "/b", volumeID: "v", volumeName: "gv0", peerID: "p3", host: "h3",
            type: .brick)
        var brick = BrickStatus(info: info, online: true, pid: 7, port: 49_152)
        #expect(
            VolumeStatusCommand.row(brick) == ["gv0", "h3:/b", "yes", "49152", "7", "-", ""])
        brick.isStale = true
        brick.message = "as last reported: h3 does not answer since 12 s"
        #expect(
            VolumeStatusCommand.row(brick) == [
                "gv0", "h3:/b", "?", "?", "?", "?",
                "online as last reported: h3 does not answer since 12 s",
            ])
        brick.online = false
        #expect(VolumeStatusCommand.row(brick).last?.hasPrefix("offline as last") == true)
    }

    @Test func aPeersNameIsNoOtherPath() throws {
        #expect(try PeerCommand.path("h1.example-2") == "/v1/peers/h1.example-2")
        for name in ["", "a/b", "a?b", "tokens", "pair", "..", "a b", "a%2Fb"] {
            #expect(throws: GD2Error.self) { try PeerCommand.path(name) }
        }
        #expect(Query.escaped("a b&ü") == "a%20b%26%C3%BC")
        #expect(try Pairs.parse(["a=1", "b=x=y", "c="]) == ["a": "1", "b": "x=y", "c": ""])
        #expect(throws: GD2Error.self) { try Pairs.parse(["=x"]) }
    }
}
