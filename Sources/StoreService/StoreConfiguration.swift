public import Daemon
import LocalGRPC

/// The settings of gd2-store.
public struct StoreConfiguration: DaemonConfiguration {
    /// Identity, certificates, role file and etcd's data.
    public var stateDirectory = "/var/lib/gd2/store"
    public var storeSocket = "/run/gd2/store.sock"
    /// The address or name that volfiles and clients use for this node; empty: the first address of
    /// this host that is not loopback.
    public var address = ""
    /// The node's name; empty: the host's.
    public var name = ""
    /// The port that GlusterFS clients ask.
    public var clientPort = 24_007
    public var etcdBinary = "/usr/bin/etcd"
    public var etcdClientAddress = "127.0.0.1:2379"
    public var etcdPeerAddress = "127.0.0.1:2380"
    public var etcdQuotaBytes = 2 << 30
    /// Unix user → program, beside those of the shipped sysusers.d file.
    public var callers: [String: String] = [:]

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
