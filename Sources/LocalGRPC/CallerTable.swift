import Glibc

/// Which program a Unix user is. Who may do what is a table of the service's own, written in these
/// names.
public struct CallerTable: Hashable, Sendable {
    /// root, and whoever the configuration gives this name.
    public static let admin = "admin"

    private var programs: [UInt32: Set<String>]

    public init(programs: [UInt32: Set<String>]) { self.programs = programs }

    /// `names`: user name or number → program; a user that does not exist here is left out. Root is
    /// `admin` and `gd2-brickd`. A user that is no program, or root, when this process runs as it,
    /// has every program's rights, so that a suite run by hand as one user works.
    public init(names: [String: String], self uid: UInt32) {
        var table: [UInt32: Set<String>] = [0: [Self.admin, "gd2-brickd"]]
        for (user, program) in names {
            if let id = Self.uid(of: user) { table[id, default: []].insert(program) }
        }
        if table[uid] == nil || uid == 0 {
            table[uid, default: []].formUnion(Self.suite)
        }
        programs = table
    }

    public func programs(of credentials: PeerCredentials) -> Set<String> {
        programs[credentials.uid] ?? []
    }

    /// The users' names in the shipped sysusers.d file are the programs' names.
    public static let shipped: [String: String] = [
        "gd2-store": "gd2-store", "gd2-rest": "gd2-rest", "gd2-pmap": "gd2-pmap",
    ]
    private static let suite: Set<String> = [
        admin, "gd2-store", "gd2-rest", "gd2-pmap", "gd2-brickd",
    ]

    private static func uid(of user: String) -> UInt32? {
        if let number = UInt32(user) { return number }
        return getpwnam(user).map { $0.pointee.pw_uid }
    }
}
