import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of a mount (or of gfapi): protocol clients at the bottom, io-stats on top.
    mutating func addClient(isTrusted: Bool) throws(VolgenError) {
        try addProtocolClients(withCredentials: isTrusted, sendGroups: true)
        let children = addReadAheadOfDirectories(over: addClusters(forSelfHeal: false))
        var dht = Xlator("\(name)-dht", "cluster/distribute", subvolumes: children)
        applyMap(to: &dht)
        add(dht)
        if isOn("features.shard") { stack("features/shard") }
        if isOn("features.ctime") { stack("features/utime") }
        addPerformance()
        addTop(side: "client")
    }

    /// The graph of the self-heal daemon for this volume.
    mutating func addSelfHeal() throws(VolgenError) {
        try addProtocolClients(withCredentials: true, sendGroups: false)
        let children = addClusters(forSelfHeal: true)
        var top = Xlator(name, "debug/io-stats", subvolumes: children)
        applyLogging("client", to: &top)
        add(top)
    }

    private mutating func addProtocolClients(
        withCredentials: Bool, sendGroups: Bool
    ) throws(VolgenError) {
        for brick in volume.topology.bricks {
            var client = Xlator("\(name)-client-\(brick.index)", "protocol/client")
            client["ping-timeout"] = set("network.ping-timeout") ?? "42"
            client["remote-host"] = try host(of: brick)
            client["remote-subvolume"] = brick.path.description
            client["transport-type"] = "tcp"
            if let family = set("transport.address-family") {
                client["transport.address-family"] = family
            }
            if withCredentials {
                client["username"] = context.credentials.username
                client["password"] = context.credentials.password
            }
            if isOn("client.ssl") {
                client["transport.socket.ssl-enabled"] = value("client.ssl")
                applyTLS(to: &client)
            }
            applyMap(to: &client)
            if sendGroups {
                client["send-gids"] = isOn("server.manage-gids") ? "false" : "true"
            }
            add(client)
        }
    }

    /// Replicate or disperse sets over the clients; the names of what DHT stands on.
    private mutating func addClusters(forSelfHeal: Bool) -> [String] {
        let clients = volume.topology.subvolumes.map { set in
            set.map { "\(name)-client-\($0.index)" }
        }
        var names: [String] = []
        for (number, subvolumes) in clients.enumerated() {
            var cluster: Xlator
            switch volume.topology.layout {
            case .distribute:
                names += subvolumes
                continue
            case .replicate(_, let arbiter):
                cluster = Xlator(
                    "\(name)-replicate-\(number)", "cluster/replicate", subvolumes: subvolumes)
                cluster["afr-pending-xattr"] = subvolumes.joined(separator: ",")
                cluster["volume-id"] = volume.id.description
                if arbiter { cluster["arbiter-count"] = "1" }
            case .disperse(_, let redundancy):
                cluster = Xlator(
                    "\(name)-disperse-\(number)", "cluster/disperse", subvolumes: subvolumes)
                cluster["redundancy"] = String(redundancy)
            }
            applyMap(to: &cluster, forSelfHeal: forSelfHeal)
            if forSelfHeal { cluster["iam-self-heal-daemon"] = "yes" }
            add(cluster)
            names.append(cluster.name)
        }
        return names
    }

    /// With parallel readdir each child of DHT reads ahead by itself.
    private mutating func addReadAheadOfDirectories(over children: [String]) -> [String] {
        guard isOn("performance.parallel-readdir"), isOn("performance.readdir-ahead")
        else { return children }
        return children.enumerated().map { number, child in
            var xlator = Xlator(
                "\(name)-readdir-ahead-\(number)", "performance/readdir-ahead",
                subvolumes: [child])
            xlator["performance.readdir-ahead"] = "on"
            applyMap(to: &xlator)
            if let limit = sharedReadAheadLimit(children.count) {
                xlator["rda-cache-limit"] = limit
            }
            add(xlator)
            return xlator.name
        }
    }

    /// The cache limit is of the mount: each child gets its share, in bytes.
    private func sharedReadAheadLimit(_ children: Int) -> String? {
        guard children > 1, let text = value("performance.rda-cache-limit"),
            let bytes = ByteText.bytes(text)
        else { return nil }
        return "\(bytes / UInt64(children))B"
    }

    private mutating func addPerformance() {
        let parallel = isOn("performance.parallel-readdir")
        let layers: [(key: String, type: String)] = [
            ("performance.write-behind", "write-behind"), ("performance.read-ahead", "read-ahead"),
            ("performance.readdir-ahead", "readdir-ahead"), ("performance.io-cache", "io-cache"),
            ("performance.open-behind", "open-behind"), ("performance.quick-read", "quick-read"),
            ("performance.nl-cache", "nl-cache"), ("performance.stat-prefetch", "md-cache"),
            ("performance.client-io-threads", "io-threads"),
        ]
        for layer in layers where isOn(layer.key) {
            if layer.type == "readdir-ahead", parallel { continue }
            stack("performance/\(layer.type)") { xlator, graph in
                // A lock is worth nothing on a file that was not really opened yet.
                if layer.type == "open-behind", graph.isOn("client.strict-locks") {
                    xlator["read-after-open"] = "yes"
                }
            }
        }
    }

    private mutating func addTop(side: String) {
        stack(named: name, "debug/io-stats") { $1.applyLogging(side, to: &$0) }
    }
}

/// Sizes as options have them.
enum ByteText {
    static func bytes(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isNumber }
        guard let number = UInt64(digits) else { return nil }
        switch text.dropFirst(digits.count).uppercased() {
        case "", "B": return number
        case "KB": return number << 10
        case "MB": return number << 20
        case "GB": return number << 30
        default: return nil
        }
    }
}
