/// Which schema the store is in, what each node's programs read, and what is closed until all of
/// them read a newer one: part of ``ClusterInfo``.
public struct SchemaInfo: Hashable, Sendable, Codable {
    public var version: Int
    /// The newest that the asked node, or any node as a whole, reads.
    public var newest: Int
    public var nodes: [Node]
    /// What the asked node's build writes only from a schema on.
    public var features: [Feature]
    /// The programs that do not read ``newest``, each with its node.
    public var waitingFor: [String]

    public init(
        version: Int, newest: Int, nodes: [Node], features: [Feature], waitingFor: [String]
    ) {
        self.version = version
        self.newest = newest
        self.nodes = nodes
        self.features = features
        self.waitingFor = waitingFor
    }

    enum CodingKeys: String, CodingKey {
        case version, newest, nodes, features
        case waitingFor = "waiting-for"
    }

    public struct Node: Hashable, Sendable, Codable {
        public var id: String
        public var name: String
        /// As each said last; none when the node never said anything.
        public var programs: [Program]

        public init(id: String, name: String, programs: [Program]) {
            self.id = id
            self.name = name
            self.programs = programs
        }
    }

    public struct Program: Hashable, Sendable, Codable {
        public var name: String
        public var version: String
        /// The oldest and the newest schema that it reads.
        public var lowest: Int
        public var newest: Int
        /// Whether it may not work with the store as it is.
        public var refused: Bool

        public init(name: String, version: String, lowest: Int, newest: Int, refused: Bool) {
            self.name = name
            self.version = version
            self.lowest = lowest
            self.newest = newest
            self.refused = refused
        }
    }

    public struct Feature: Hashable, Sendable, Codable {
        public var name: String
        public var schema: Int
        public var isOpen: Bool

        public init(name: String, schema: Int, isOpen: Bool) {
            self.name = name
            self.schema = schema
            self.isOpen = isOpen
        }

        enum CodingKeys: String, CodingKey {
            case name, schema
            case isOpen = "open"
        }
    }
}
