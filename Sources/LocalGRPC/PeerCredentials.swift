public import GRPCCore

/// Who is at the other end of a Unix socket, as the kernel saw it at connect(2) (`SO_PEERCRED`).
public struct PeerCredentials: Hashable, Sendable, CustomStringConvertible {
    public var pid: Int32
    public var uid: UInt32
    public var gid: UInt32

    public init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    public var description: String { "pid \(pid), uid \(uid)" }

    /// `pid,uid,gid`: the value of the header that carries it inside the server.
    init?(header: String) {
        let parts = header.split(separator: ",")
        guard parts.count == 3, let pid = Int32(parts[0]), let uid = UInt32(parts[1]),
            let gid = UInt32(parts[2])
        else { return nil }
        self.init(pid: pid, uid: uid, gid: gid)
    }

    var header: String { "\(pid),\(uid),\(gid)" }
}

/// What a service of ``LocalServer`` finds in `context.transportSpecific`.
public struct LocalCaller: ServerContext.TransportSpecific {
    public var credentials: PeerCredentials
    /// The programs that the caller table gives this user.
    public var programs: Set<String>
    /// What it says of its build, unchecked; nil when it says nothing.
    public var build: String?

    public init(credentials: PeerCredentials, programs: Set<String>, build: String? = nil) {
        self.credentials = credentials
        self.programs = programs
        self.build = build
    }
}

extension ServerContext {
    /// The caller of a call that came over a ``LocalServer``; nobody otherwise.
    public var localCaller: LocalCaller {
        transportSpecific as? LocalCaller
            ?? LocalCaller(
                credentials: PeerCredentials(pid: 0, uid: .max, gid: .max), programs: [])
    }
}
