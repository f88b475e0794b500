public import Daemon
import LocalGRPC

/// The settings of gd2-store.
public struct StoreConfiguration: DaemonConfiguration {
    public var stateDirectory = "/var/lib/gd2/store"
    public var storeSocket = "/run/gd2/store.sock"
    public var address = ""
    public var name = ""
    public var clientPort = 24_007
    public var etcdBinary = "/usr/bin/etcd"
    public var etcdClientAddress = "127.0.0.1:2379"
    public var etcdPeerAddress = "127.0.0.1:2380"
    public var etcdQuotaBytes = 2 << 30
    public var callers: [String: String] = [:]

    public static let meanings = [
        "state-directory": "Folder of identity, certificates, role file and etcd's data. gd2-etcd "
            + "takes it as --state-directory.",
        "store-socket": "The socket of the other daemons and of etcdctl; 107 bytes at most.",
        "address": "Address or name of this node in volfiles and for clients; empty: the host's "
            + "first address that is not loopback. Set it before volumes are made.",
        "name": "Name of this node; empty: the host's.",
        "client-port": "TCP port, 1 to 65535, that GlusterFS clients are told to ask; gd2-pmap "
            + "listens there.",
        "etcd-binary": "The program etcd. This and the other etcd keys count when gd2-store and "
            + "then gd2-etcd are restarted.",
        "etcd-client-address": "HOST:PORT where etcd listens for gd2-store.",
        "etcd-peer-address": "HOST:PORT where etcd listens for other etcds.",
        "etcd-quota-bytes": "Bytes that etcd's file may have, 67108864 (64 MiB) at least.",
        "callers": "Table of Unix user to program: the user may call what that program may, beside "
            + "the rows that are built in.",
    ]

    public init() {}

    public func problems() -> [String] {
        var problems: [String] = []
        for (key, path) in [("state-directory", stateDirectory), ("store-socket", storeSocket)]
        where !path.hasPrefix("/") {
            problems.append("\(key) \"\(path)\" is no absolute path")
        }
        if storeSocket.utf8.count > 107 {
            problems.append("store-socket \"\(storeSocket)\" is longer than 107 bytes")
        }
        if !(1...65_535).contains(clientPort) {
            problems.append("client-port is \(clientPort), not 1 to 65535")
        }
        for (key, value) in [
            ("etcd-client-address", etcdClientAddress), ("etcd-peer-address", etcdPeerAddress),
        ] where value.split(separator: ":").last.flatMap({ Int($0) }) == nil {
            problems.append("\(key) \"\(value)\" is not HOST:PORT")
        }
        if etcdQuotaBytes < 64 << 20 {
            problems.append("etcd-quota-bytes is \(etcdQuotaBytes), less than 67108864 (64 MiB)")
        }
        for (user, program) in callers where !AccessTable.programs.contains(program) {
            let known = AccessTable.programs.sorted().joined(separator: ", ")
            problems.append("callers: \(user) is \"\(program)\", which is none of \(known)")
        }
        return problems
    }
}
