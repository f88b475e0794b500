/// The ports of this node's bricks, from two sources: gd2-brickd, which owns the processes, and
/// bricks that signed in on connections that are still open. An open sign-in is the brick's own
/// word and goes first; so a brick has its port while gd2-brickd is away, and no answer is stale.
public struct PortTable: Sendable {
    public struct Entry: Hashable, Sendable {
        public var port: Int
        public var pid: Int32

        public init(port: Int, pid: Int32) {
            self.port = port
            self.pid = pid
        }
    }

    private var supervised: [String: Entry] = [:]
    private var signedIn: [String: (entry: Entry, connection: Int)] = [:]
    /// Whether gd2-brickd is there and its table known.
    public private(set) var isComplete = false

    public init() {}

    /// The port that clients of `brick` are told. nil: not here, or not known yet when
    /// ``isComplete`` is false.
    public func port(of brick: String) -> Int? {
        if let entry = signedIn[brick]?.entry { return entry.port }
        return isComplete ? supervised[brick]?.port : nil
    }

    /// gd2-brickd sent its whole table.
    public mutating func replace(with table: [String: Entry]) {
        supervised = table
        isComplete = true
    }

    /// gd2-brickd is away: what it said may not be true any more.
    public mutating func supervisorLost() {
        supervised = [:]
        isComplete = false
    }

    /// What gd2-brickd said of another process there is older, also when this connection ends
    /// before its next table comes.
    public mutating func signIn(_ brick: String, _ entry: Entry, connection: Int) {
        signedIn[brick] = (entry, connection)
        if supervised[brick] != entry { supervised[brick] = nil }
    }

    public mutating func signOut(_ brick: String, connection: Int) {
        if signedIn[brick]?.connection == connection { signedIn[brick] = nil }
    }

    /// A connection ended, with it what was signed in there; kill -9 sends no SIGNOUT.
    public mutating func close(connection: Int) -> [String] {
        let gone = signedIn.filter { $0.value.connection == connection }.map(\.key)
        for brick in gone { signedIn[brick] = nil }
        return gone
    }

    /// What is signed in now: told to gd2-brickd when it comes back.
    public var signIns: [String: Entry] { signedIn.mapValues(\.entry) }
}
