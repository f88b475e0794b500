import GlusterModel

/// Something that may stand in the store only when every program of every node reads it.
public struct FeatureGate: Hashable, Sendable {
    public var name: String
    /// The schema of the store from which on it is open.
    public var schema: Int

    public init(_ name: String, schema: Int) {
        self.name = name
        self.schema = schema
    }

    /// Volumes with a thin arbiter. To a reader that knows none, the digest of such a volume is
    /// wrong, and the volume is not there.
    public static let thinArbiter = FeatureGate("thin-arbiter", schema: 2)
    /// Both authorities of the nodes replaced: a node that does not follow would be locked out.
    public static let authorityExchange = FeatureGate("authority-exchange", schema: 2)
    /// Bricks in the place of others: a step, a journal and records that older programs do not
    /// know, and a brick that must not run before the others know that it is empty.
    public static let replaceBrick = FeatureGate("replace-brick", schema: 2)
    /// Journals that are written together with their lock, which names their fence: an older node
    /// would refuse the steps.
    public static let jointLock = FeatureGate("joint-lock", schema: 2)
}

/// A build of the suite: which schemas of the store it reads and writes, and what it may write from
/// which on. A new gate takes the number after the newest, in the table here.
public struct SuiteBuild: Hashable, Sendable {
    public var version: String
    /// The oldest schema that a store may be in for it to work there.
    public var lowest: Int
    public var gates: [FeatureGate]

    public init(version: String, lowest: Int = 1, gates: [FeatureGate]) {
        self.version = version
        self.lowest = lowest
        self.gates = gates
    }

    /// This one.
    public static let current = SuiteBuild(
        version: suiteVersion,
        gates: [.thinArbiter, .authorityExchange, .replaceBrick, .jointLock])

    public var newest: Int { max(lowest, gates.map(\.schema).max() ?? SchemaPlan.first) }

    public var report: BuildReport {
        BuildReport(version: version, lowest: lowest, newest: newest)
    }
}

/// What a program says of its build; it is kept when the program is gone.
public struct BuildReport: Hashable, Sendable, Codable {
    public var version: String
    public var lowest: Int
    public var newest: Int

    public init(version: String, lowest: Int, newest: Int) {
        self.version = version
        self.lowest = lowest
        self.newest = newest
    }

    /// `schema 1` or `schemas 1 to 2`.
    public static func schemas(_ lowest: Int, _ newest: Int) -> String {
        lowest == newest ? "schema \(newest)" : "schemas \(lowest) to \(newest)"
    }

    private var schemas: String { Self.schemas(lowest, newest) }

    /// Why `program` of this build may not work with a store in schema `present`; nil when it may.
    public func refusal(of program: String, at present: Int) -> String? {
        if present > newest {
            return "downgrade across a gate refused: \(program) \(version) reads "
                + "\(schemas) of the store, which is in schema \(present) for good: install here "
                + "what the other nodes run (glustercli cluster version)"
        }
        if present < lowest {
            return "\(program) \(version) reads \(schemas) of the store, which is in "
                + "schema \(present): install here what the other nodes run, bring all nodes to a "
                + "version that opens schema \(lowest), and then to this one (glustercli cluster "
                + "version)"
        }
        return nil
    }
}
