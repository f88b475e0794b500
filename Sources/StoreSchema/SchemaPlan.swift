/// What the programs of a node last said of their builds.
public struct NodeBuilds: Hashable, Sendable {
    public var name: String
    /// By the program's name; empty for a node that never said anything.
    public var programs: [String: BuildReport]

    public init(name: String, programs: [String: BuildReport]) {
        self.name = name
        self.programs = programs
    }

    /// The newest schema that all of its programs read.
    public var newest: Int { programs.values.map(\.newest).min() ?? SchemaPlan.first }
    /// The oldest schema that all of its programs work in.
    public var lowest: Int { programs.values.map(\.lowest).max() ?? SchemaPlan.first }
}

/// Which schema the store may be written in. It only rises: what once was written in a newer one
/// stays there.
public enum SchemaPlan {
    /// Of a store whose builds say nothing of schemas.
    public static let first = 1
    /// What the last builds read that said nothing of schemas: they knew thin arbiters.
    public static let newestUnsaid = 2

    /// The schema to raise the store to; nil when it stays in `present`. A node that is away counts
    /// with what it said last, since it comes back as it was.
    public static func next(present: Int, nodes: [NodeBuilds]) -> Int? {
        guard let newest = nodes.map(\.newest).min(), newest > present else { return nil }
        return newest
    }

    /// The programs that do not read `schema`, each with its node: `h2 (gd2-rest 0.1.0)`.
    public static func holders(of schema: Int, nodes: [NodeBuilds]) -> [String] {
        nodes.filter { $0.newest < schema }.sorted { $0.name < $1.name }.map { node in
            let old = node.programs.filter { $0.value.newest < schema }
                .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.version)" }
            return old.isEmpty
                ? "\(node.name) (version not known)"
                : "\(node.name) (\(old.joined(separator: ", ")))"
        }
    }

    /// Why what is behind `gate` may not be written yet, for an operator; nil when it may.
    public static func refusal(
        _ gate: FeatureGate, present: Int, build: SuiteBuild, nodes: [NodeBuilds]
    ) -> String? {
        guard present < gate.schema || build.newest < gate.schema else { return nil }
        let reason = "\(gate.name) needs schema \(gate.schema) of the store"
        guard build.newest >= gate.schema else {
            return "\(reason), and gd2 \(build.version) here writes \(build.newest) at most: "
                + "upgrade this node"
        }
        let old = holders(of: gate.schema, nodes: nodes)
        guard !old.isEmpty else {
            return "\(reason), which is in \(present) and is just being raised: try again"
        }
        return "\(reason), which is in \(present) as long as older programs are there: "
            + "\(old.joined(separator: ", ")): upgrade them, or remove a node that is gone for "
            + "ever (glustercli cluster version)"
    }
}
