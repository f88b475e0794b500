import LocalGRPC
import Logging
import StoreSchema
import Testing

@testable import StoreService

@Suite struct SchemaGuardTests {
    private static let old = SuiteBuild(version: "1.0", gates: [FeatureGate("a", schema: 2)])
    private static let new = SuiteBuild(version: "1.1", gates: [FeatureGate("b", schema: 3)])

    private static func schema(_ build: SuiteBuild, isWitness: Bool = false) -> SchemaGuard {
        var log = Logger(label: "test")
        log.logLevel = .critical
        return SchemaGuard(build: build, isWitness: isWitness, log: log)
    }

    private static func caller(
        _ program: String, _ build: SuiteBuild?, uid: UInt32 = 7
    ) -> LocalCaller {
        LocalCaller(
            credentials: PeerCredentials(pid: 1, uid: uid, gid: uid),
            programs: uid == 0 ? ["admin", program] : [program],
            build: build.map { CallerBuild(program: program, report: $0.report).description })
    }

    @Test func aProgramIsRefusedByTheSchemaOfTheStore() {
        let schema = Self.schema(Self.new)
        // Nothing is known yet: then nothing can be said against anybody.
        #expect(schema.refusal(of: Self.caller("gd2-rest", Self.old)) == nil)
        schema.take(present: 2)
        #expect(schema.refusal(of: Self.caller("gd2-rest", Self.old)) == nil)
        schema.take(present: 3)
        #expect(schema.refusal == nil)
        #expect(schema.refusal(of: Self.caller("gd2-rest", Self.new)) == nil)
        let refusal = schema.refusal(of: Self.caller("gd2-rest", Self.old))
        #expect(refusal?.contains("gd2-rest 1.0 reads schemas 1 to 2") == true)
        // One that says nothing is older still; root's etcdctl is no program of the suite.
        #expect(schema.refusal(of: Self.caller("gd2-pmap", nil)) != nil)
        #expect(schema.refusal(of: Self.caller("gd2-brickd", nil, uid: 0)) == nil)
    }

    @Test func aStoreThatIsTooNewIsClosedToAllProgramsOfTheNode() {
        let schema = Self.schema(Self.old)
        schema.take(present: 3)
        #expect(schema.refusal?.contains("gd2-store 1.0") == true)
        for caller in [Self.caller("gd2-rest", Self.new), Self.caller("gd2-brickd", nil, uid: 0)] {
            #expect(schema.refusal(of: caller) == schema.refusal)
        }
    }

    @Test func aNodeReadsWhatAllItsProgramsRead() {
        let schema = Self.schema(Self.new)
        #expect(schema.newest == 3)
        _ = schema.refusal(of: Self.caller("gd2-rest", Self.old))
        #expect(schema.newest == 2)
        // What was up before and is not now comes back as it was.
        let before = ["gd2-pmap": Self.old.report, "gd2-store": Self.old.report]
        #expect(
            schema.programs(before: before) == [
                "gd2-pmap": Self.old.report, "gd2-rest": Self.old.report,
                "gd2-store": Self.new.report,
            ])
        _ = schema.refusal(of: Self.caller("gd2-rest", Self.new))
        #expect(schema.newest == 3)
    }

    @Test func aWitnessSpeaksForNoOtherProgram() {
        let schema = Self.schema(Self.new, isWitness: true)
        #expect(
            schema.programs(before: ["gd2-rest": Self.old.report]) == [
                "gd2-store": Self.new.report
            ])
    }

    @Test func nobodySpeaksForAProgramThatHeIsNot() {
        let schema = Self.schema(Self.new)
        schema.take(present: 3)
        var caller = Self.caller("gd2-pmap", Self.old)
        caller.build = "gd2-rest 1.0 1 2"
        #expect(schema.refusal(of: caller) != nil)
        caller.build = "gd2-store 0.1 1 1"
        #expect(schema.refusal(of: caller) != nil)
        #expect(schema.programs(before: [:]) == ["gd2-store": Self.new.report])
    }
}
