import StoreSchema
import Testing

@Suite struct StoreSchemaTests {
    private static let gate = FeatureGate("notes", schema: 3)
    private static let old = SuiteBuild(version: "1.0", gates: [FeatureGate("first", schema: 2)])
    private static let new = SuiteBuild(version: "1.1", gates: old.gates + [gate])

    private static func node(
        _ name: String, _ store: SuiteBuild?, rest: SuiteBuild? = nil
    ) -> NodeBuilds {
        var programs: [String: BuildReport] = [:]
        programs["gd2-store"] = store?.report
        programs["gd2-rest"] = rest?.report
        return NodeBuilds(name: name, programs: programs)
    }

    @Test func theNewestSchemaOfABuildIsThatOfItsNewestGate() {
        #expect(Self.old.newest == 2 && Self.new.newest == 3)
        #expect(SuiteBuild(version: "0.9", gates: []).newest == 1)
        #expect(SuiteBuild.current.gates.contains(.thinArbiter))
        let schemas = SuiteBuild.current.gates.map(\.schema)
        #expect(schemas == schemas.sorted() && schemas.allSatisfy { $0 > SchemaPlan.first })
    }

    /// The present schema, the builds of three nodes' stores, and what it is raised to.
    @Test(
        arguments: [
            (1, [old, old, old], 2), (2, [old, old, old], nil), (2, [new, old, new], nil),
            (2, [new, new, new], 3), (1, [new, new, new], 3), (1, [new, nil, new], nil),
            // It is never lowered.
            (3, [new, old, new], nil), (3, [old, old, old], nil),
        ] as [(Int, [SuiteBuild?], Int?)])
    func itIsRaisedToWhatAllRead(present: Int, builds: [SuiteBuild?], wanted: Int?) {
        let nodes = builds.enumerated().map { Self.node("h\($0.offset)", $0.element) }
        #expect(SchemaPlan.next(present: present, nodes: nodes) == wanted)
    }

    @Test func oneOldProgramOfANodeHoldsItBack() {
        let nodes = [
            Self.node("h2", Self.new, rest: Self.old), Self.node("h1", Self.new, rest: Self.new),
            Self.node("h3", nil),
        ]
        #expect(SchemaPlan.next(present: 1, nodes: nodes) == nil)
        #expect(
            SchemaPlan.holders(of: 3, nodes: nodes) == [
                "h2 (gd2-rest 1.0)", "h3 (version not known)",
            ])
        #expect(SchemaPlan.next(present: 1, nodes: Array(nodes.prefix(2))) == 2)
        #expect(SchemaPlan.next(present: 1, nodes: []) == nil)
    }

    @Test func aClosedGateSaysWhoClosesIt() throws {
        let mixed = [Self.node("h1", Self.new), Self.node("h2", Self.old)]
        let text = try #require(
            SchemaPlan.refusal(Self.gate, present: 2, build: Self.new, nodes: mixed))
        #expect(text.contains("notes needs schema 3") && text.contains("is in 2"))
        #expect(text.contains("h2 (gd2-store 1.0)") && !text.contains("h1 ("))
        #expect(SchemaPlan.refusal(Self.gate, present: 3, build: Self.new, nodes: mixed) == nil)
        let same = [Self.node("h1", Self.new)]
        let late = SchemaPlan.refusal(Self.gate, present: 2, build: Self.new, nodes: same)
        #expect(late?.contains("try again") == true)
        let here = SchemaPlan.refusal(Self.gate, present: 3, build: Self.old, nodes: same)
        #expect(here?.contains("upgrade this node") == true)
    }

    @Test func aBuildIsRefusedOutsideOfItsSchemas() {
        let build = SuiteBuild(version: "2.0", lowest: 2, gates: [Self.gate])
        #expect(build.report.refusal(of: "gd2-store", at: 2) == nil)
        #expect(build.report.refusal(of: "gd2-store", at: 3) == nil)
        let older = build.report.refusal(of: "gd2-store", at: 4)
        #expect(
            older?.hasPrefix(
                "downgrade across a gate refused: gd2-store 2.0 reads schemas 2 to 3") == true)
        #expect(build.report.refusal(of: "gd2-rest", at: 1)?.contains("opens schema 2") == true)
    }

    @Test func whatAProgramSaysOfItselfIsReadBack() {
        let said = CallerBuild(program: "gd2-rest", report: Self.new.report)
        #expect("\(said)" == "gd2-rest 1.1 1 3" && CallerBuild("\(said)") == said)
        for text in [
            "", "gd2-rest", "gd2-rest 1.1 1", "gd2-rest 1.1 x 3", "gd2-rest 1.1 3 1", " 1 1 1",
        ] {
            #expect(CallerBuild(text) == nil, "\(text)")
        }
    }
}
