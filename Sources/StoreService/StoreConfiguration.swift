public import Daemon
import LocalGRPC

/// The settings of gd2-store.
public struct StoreConfiguration: DaemonConfiguration {
    public var stateDirectory = "/var/lib/gd2/store"
    public var storeSocket = "/run/gd2/store.sock"
    public var address = ""
    public var name = ""
    public var clientPort = 24_007
    public var nodeListen = "[::]:24008"
    public var openJoin = false
    public var votersMax = 5
    public var replaceVoterAfterSeconds = 600
    public var exchangeAfterRemovalSeconds = 60
    public var snapshotHours = 6
    public var witness = false
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var etcdBinary = "/usr/bin/etcd"
    public var etcdctlBinary = "/usr/bin/etcdctl"
    public var etcdClientAddress = "127.0.0.1:2379"
    public var etcdPeerAddress = "0.0.0.0:2380"
    public var etcdQuotaBytes = 2 << 30
    public var etcdEndpoints: [String] = []
    public var etcdCa = ""
    public var etcdCertificate = ""
    public var etcdKey = ""
    public var etcdInsecure = false
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
        "node-listen": "HOST:PORT where other nodes are answered, over mTLS.",
        "open-join":
            "Whether this node, while it is in no cluster, lets any node take it in by its "
            + "name alone, as GD1 and GD2 do; and whether this node takes others in so. Who "
            + "reaches the port can then make himself a peer.",
        "voters-max": "Voters of a cluster of five nodes or more: 3, 5 or 7. The setting of the "
            + "node whose etcd leads counts.",
        "replace-voter-after-seconds":
            "A voter that does not answer for this long, 10 at least, is "
            + "replaced by another node.",
        "exchange-after-removal-seconds":
            "After the removal of a peer that has had the keys of "
            + "the cluster's authorities, and the last change of members since, so many seconds "
            + "pass before the authorities are exchanged, so that several removals make one "
            + "exchange; 0 to 86400. The setting of the node whose etcd leads counts.",
        "snapshot-hours": "Hours between two snapshots of the store, which members keep in "
            + "snapshots in their state directory; 0: none are taken.",
        "witness": "Whether this node has no bricks and is here only to vote; then only gd2-store "
            + "and gd2-etcd need to run.",
        "brickd-socket": "gd2-brickd's socket, for what other nodes ask of it.",
        "etcdctl-binary": "The program etcdctl, which makes a store of a snapshot.",
        "etcd-binary": "The program etcd. This and the other etcd keys count when gd2-store and "
            + "then gd2-etcd are restarted.",
        "etcd-client-address": "HOST:PORT where etcd listens for gd2-store.",
        "etcd-peer-address": "HOST:PORT where etcd listens for other etcds.",
        "etcd-quota-bytes": "Bytes that etcd's file may have, 67108864 (64 MiB) at least.",
        "callers": "Table of Unix user to program: the user may call what that program may, beside "
            + "the rows that are built in.",
    ].merging(externalMeanings) { own, _ in own }

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
        if ![3, 5, 7].contains(votersMax) {
            problems.append("voters-max is \(votersMax), none of 3, 5, 7")
        }
        if replaceVoterAfterSeconds < 10 {
            problems.append(
                "replace-voter-after-seconds is \(replaceVoterAfterSeconds), less than 10")
        }
        if !(0...86_400).contains(exchangeAfterRemovalSeconds) {
            problems.append(
                "exchange-after-removal-seconds is \(exchangeAfterRemovalSeconds), not 0 to 86400")
        }
        if snapshotHours < 0 { problems.append("snapshot-hours is \(snapshotHours), less than 0") }
        for (key, value) in [
            ("etcd-client-address", etcdClientAddress), ("etcd-peer-address", etcdPeerAddress),
            ("node-listen", nodeListen),
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
        return problems + externalProblems()
    }

    /// Port of a `HOST:PORT` that was checked.
    private static func port(of address: String) -> Int {
        address.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }

    private static func host(of address: String) -> String {
        let text = address.split(separator: ":").dropLast().joined(separator: ":")
        guard text.hasPrefix("[") else { return text }
        return address.prefix { $0 != "]" }.dropFirst().description
    }

    var nodePort: Int { Self.port(of: nodeListen) }
    /// Empty: all addresses.
    var nodeHost: String {
        let host = Self.host(of: nodeListen)
        return ["::", "0.0.0.0"].contains(host) ? "" : host
    }

    /// Where other members reach this node's etcd: where it listens, or, where that is all
    /// addresses, this node's first.
    var peerURL: String {
        let listen = Self.host(of: etcdPeerAddress)
        let isAny = ["0.0.0.0", "::", ""].contains(listen)
        let host = isAny ? NodeAddresses.all(configured: address)[0] : listen
        return "https://\(HostPort(host: host, port: Self.port(of: etcdPeerAddress)))"
    }
}
