import Testing

@testable import Health

/// One way to make a finding, and the finding.
struct Ailment: Sendable, CustomTestStringConvertible {
    var code: HealthCode
    var severity: Finding.Severity
    var object: Finding.Object
    var make: @Sendable (inout HealthFacts) -> Void

    var testDescription: String { "\(code) of \(object)" }

    init(
        _ code: HealthCode, _ severity: Finding.Severity, _ object: Finding.Object,
        _ make: @escaping @Sendable (inout HealthFacts) -> Void
    ) {
        self.code = code
        self.severity = severity
        self.object = object
        self.make = make
    }
}

@Suite struct DiagnosisTests {
    private static let now: Int64 = 2_000_000_000
    private static let day: Int64 = 86_400

    /// Three nodes and a volume, all well, each fact as near to a finding as it may be.
    static var well: HealthFacts {
        var store = HealthFacts.Store(answers: true, isWritable: true, message: "")
        store.quorum = .init(voters: 3, up: 3, needed: 2)
        store.damagedSnapshots = []
        let nodes = ["h1", "h2", "h3"].map { name in
            var node = HealthFacts.Node(name: name)
            node.report = .init(
                isOpenToJoin: false,
                certificates: [.init(use: "nodes", expires: now + 15 * day)],
                snapshotTaken: now - 48 * 3_600 + 1,
                database: .init(bytes: 799, quotaBytes: 1_000))
            node.clockSkewMs = name == "h1" ? nil : name == "h2" ? 1_000 : -1_000
            node.programs = [.init(name: "gd2-rest", version: "1.0.0")]
            return node
        }
        var facts = HealthFacts(now: now, asked: "h1", store: store, nodes: nodes)
        facts.volumes = [
            .init(
                name: "gv0", hasTwoCopiesAlone: false,
                bricks: nodes.map { .init(node: $0.name, path: "/b", state: .online) })
        ]
        facts.jobs = [.init(id: "j1", what: "start-volume", seconds: 599, progress: "")]
        facts.authorities = [.init(use: "nodes", expires: now + 365 * day)]
        facts.programs = [.init(name: "gd2-pmap", answers: true)]
        return facts
    }

    static let ailments: [Ailment] = storeAilments + nodeAilments + volumeAilments

    private static let storeAilments = [
        Ailment(.noQuorum, .error, .cluster) { facts in
            facts.store.isWritable = false
            facts.store.quorum = .init(voters: 3, up: 1, needed: 2)
        },
        Ailment(.storeReadOnly, .error, .cluster) { $0.store.isWritable = false },
        Ailment(.storeReadOnly, .error, .cluster) { facts in
            (facts.store.isWritable, facts.store.quorum) = (false, nil)
        },
        Ailment(.voterSilent, .warning, .cluster) { facts in
            facts.store.quorum = .init(voters: 3, up: 2, needed: 2)
        },
        Ailment(.endpointUnhealthy, .warning, .cluster) { facts in
            facts.store.quorum = nil
            facts.store.endpoints = [
                .init(url: "https://e1:2379", isHealthy: true, message: ""),
                .init(url: "https://e2:2379", isHealthy: nil, message: ""),
                .init(url: "https://e3:2379", isHealthy: false, message: "timed out"),
            ]
        },
        Ailment(.storeNearlyFull, .warning, .node("h2")) { facts in
            facts.nodes[1].report?.database = .init(bytes: 800, quotaBytes: 1_000)
        },
        Ailment(.storeNearlyFull, .error, .node("h2")) { facts in
            facts.nodes[1].report?.database = .init(bytes: 950, quotaBytes: 1_000)
        },
        Ailment(.snapshotOld, .warning, .cluster) { facts in
            for index in facts.nodes.indices {
                facts.nodes[index].report?.snapshotTaken = now - 48 * 3_600
            }
        },
        Ailment(.snapshotOld, .warning, .cluster) { facts in
            for index in facts.nodes.indices { facts.nodes[index].report?.snapshotTaken = nil }
        },
        Ailment(.recordUnreadable, .error, .cluster) { $0.unreadable = ["volumes/1/head"] },
        Ailment(.snapshotDamaged, .warning, .node("h1")) { $0.store.damagedSnapshots = ["a.db"] },
        Ailment(.twoNodesWithoutWitness, .warning, .cluster) { facts in
            facts.nodes.removeLast()
            facts.volumes = []
        },
    ]

    private static let nodeAilments = [
        Ailment(.clockWrong, .error, .node("h1")) { $0.now = 3_600 },
        Ailment(.programSilent, .error, .node("h1")) { $0.programs[0].answers = false },
        Ailment(.peerSilent, .error, .node("h3")) { facts in
            facts.nodes[2].silence = .init(seconds: 12, why: "timed out")
            (facts.nodes[2].report, facts.nodes[2].clockSkewMs) = (nil, nil)
        },
        Ailment(.nodeUnreported, .warning, .node("h3")) { facts in
            (facts.nodes[2].report, facts.nodes[2].unreported) = (nil, "its version is 0.9.0")
        },
        Ailment(.clockSkew, .warning, .node("h2")) { $0.nodes[1].clockSkewMs = 1_001 },
        Ailment(.clockSkew, .warning, .node("h3")) { $0.nodes[2].clockSkewMs = -1_001 },
        Ailment(.openJoin, .warning, .node("h2")) { $0.nodes[1].report?.isOpenToJoin = true },
        Ailment(.certificateExpires, .warning, .node("h2")) { facts in
            facts.nodes[1].report?.certificates[0].expires = now + 15 * day - 1
        },
        Ailment(.certificateExpires, .error, .node("h2")) { facts in
            facts.nodes[1].report?.certificates[0].expires = now + 3 * day - 1
        },
        Ailment(.certificateExpires, .error, .node("h2")) { facts in
            facts.nodes[1].report?.certificates[0].expires = now
        },
        Ailment(.authorityEnds, .warning, .cluster) { facts in
            facts.authorities[0].expires = now + 365 * day - 1
        },
        Ailment(.removedPeerHasKeys, .warning, .node("h9")) { facts in
            facts.removed = [.init(name: "h9", why: "being exchanged", waitingFor: ["h2: silent"])]
        },
        Ailment(.versionsMixed, .warning, .cluster) { $0.nodes[1].programs[0].version = "1.1.0" },
        Ailment(.buildRefused, .error, .node("h2")) { facts in
            facts.nodes[1].programs[0].refusal = "it reads schemas 1 to 1"
        },
        Ailment(.leftToClean, .warning, .node("h3")) { facts in
            facts.nodes[2].left = [.init(volume: "gv1", bricks: ["/c"])]
        },
        Ailment(.peerFenced, .warning, .node("h3")) { facts in
            facts.nodes[2].fences = [.init(volume: "gv1", by: "root", since: "2026-11-21")]
        },
    ]

    private static let volumeAilments = [
        Ailment(.brickOffline, .error, .brick("h2:/b")) { facts in
            facts.volumes[0].bricks[1].state = .offline("no such folder")
        },
        Ailment(.brickUnknown, .warning, .volume("gv0")) { facts in
            facts.volumes[0].bricks[1].state = .unknown("gd2-brickd of h2 does not answer")
        },
        Ailment(.splitBrainLayout, .warning, .volume("gv0")) { facts in
            facts.volumes[0].hasTwoCopiesAlone = true
        },
        Ailment(.jobStuck, .warning, .job("j1")) { $0.jobs[0].seconds = 600 },
        Ailment(.storeSilent, .error, .node("h1")) { facts in
            facts.store = .init(answers: false, isWritable: false, message: "")
        },
    ]

    @Test func whatIsAlmostWrongIsNoFinding() {
        let found = Diagnosis(of: Self.well)
        #expect(found.findings.isEmpty)
        #expect(found.checks > 30)
    }

    @Test func everyCodeIsMadeToAppear() {
        #expect(Set(Self.ailments.map(\.code)) == Set(HealthCode.allCases))
    }

    @Test(arguments: ailments) func oneThingThatIsWrongIsOneFinding(_ ailment: Ailment) {
        var facts = Self.well
        ailment.make(&facts)
        let found = Diagnosis(of: facts).findings
        #expect(found.map(\.code) == [ailment.code])
        #expect(found.first?.severity == ailment.severity)
        #expect(found.first?.object == ailment.object)
        for finding in found {
            #expect(!finding.why.isEmpty && !finding.next.isEmpty && !finding.command.isEmpty)
        }
    }

    @Test func ofWhatIsNotKnownNothingIsDecided() {
        var facts = Self.well
        facts.store.quorum = nil
        facts.store.damagedSnapshots = nil
        for index in facts.nodes.indices {
            facts.nodes[index].report?.database = nil
            facts.nodes[index].report?.snapshotTaken = nil
            facts.nodes[index].clockSkewMs = nil
        }
        let found = Diagnosis(of: facts)
        #expect(found.findings.isEmpty)
        #expect(found.checks < Diagnosis(of: Self.well).checks)
    }

    /// Nobody is to give up other voters where there are none.
    @Test func theOnlyVoterIsNotSaidToWaitForOthers() {
        var facts = Self.well
        facts.store.isWritable = false
        facts.store.message = "its data is gone"
        facts.store.quorum = .init(voters: 1, up: 0, needed: 1)
        let alone = Diagnosis(of: facts).findings.first
        #expect(alone?.code == .noQuorum && alone?.why.hasSuffix("(its data is gone)") == true)
        #expect(alone?.next.contains("gd2-etcd") == true)
        #expect(alone?.next.contains("recover") == false)
        facts.store.quorum = .init(voters: 3, up: 1, needed: 2)
        #expect(Diagnosis(of: facts).findings.first?.next.contains("recover") == true)
    }

    @Test func errorsComeFirst() {
        var facts = Self.well
        facts.nodes[0].report?.isOpenToJoin = true
        facts.nodes[1].report?.isOpenToJoin = true
        facts.volumes[0].bricks[2].state = .offline("")
        let found = Diagnosis(of: facts).findings
        #expect(found.map(\.code) == [.brickOffline, .openJoin, .openJoin])
        #expect(found.map(\.object) == [.brick("h3:/b"), .node("h1"), .node("h2")])
    }

    @Test func bricksOfASilentNodeAreOneFindingThatNamesThem() {
        var facts = Self.well
        facts.nodes[2].silence = .init(seconds: nil, why: "")
        facts.nodes[2].report = nil
        facts.volumes[0].bricks += [.init(node: "h3", path: "/a", state: .unknown("away"))]
        facts.volumes[0].bricks[2].state = .unknown("away")
        let found = Diagnosis(of: facts).findings
        #expect(found.map(\.code) == [.peerSilent, .brickUnknown])
        #expect(found.last?.why == "nobody says how /a, /b on h3 is: away")
        #expect(found.last?.command == "glustercli peer status")
    }
}
