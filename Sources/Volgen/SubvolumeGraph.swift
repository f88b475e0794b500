import GlusterModel
import Volfile

/// What a graph's protocol clients carry.
struct Connection {
    /// The trusted clients' name and password.
    var hasCredentials: Bool
    var sendsGroups: Bool
    /// The option map's rows; what reaches one brick of its own node does without them.
    var hasMap = true
}

extension GraphBuilder {
    /// What DHT stands on, from the connections up; the names of its children.
    mutating func addSubvolumes(
        over connection: Connection, sharesReadAhead: Bool = false
    ) throws(VolgenError) -> [String] {
        try addProtocolClients(connection)
        return addReadAheadOfDirectories(
            over: try addClusters(),
            sharesLimit: sharesReadAhead && isOn("performance.readdir-ahead"))
    }

    /// One connection for each brick and, after each set, one for the thin arbiter.
    mutating func addProtocolClients(_ connection: Connection) throws(VolgenError) {
        for set in volume.topology.subvolumes {
            for brick in set { add(try protocolClient(to: brick, connection)) }
            guard let arbiter = volume.topology.thinArbiter, let name = thinArbiterName(of: set)
            else { continue }
            var client = protocolClient(
                name, to: try host(of: arbiter), arbiter.path.description, connection)
            // On a peer the port is another one at each start: gd2-pmap knows it.
            if case .elsewhere = arbiter {
                client["remote-port"] = self.set("client.ta-brick-port")
            }
            add(client)
        }
    }

    func protocolClient(
        to brick: Brick, _ connection: Connection
    ) throws(VolgenError) -> Xlator {
        protocolClient(
            clientName(brick), to: try host(of: brick), brick.path.description,
            connection)
    }

    /// Without a host the client asks the host that it has its volfile from.
    func protocolClient(
        _ name: String, to host: String?, _ subvolume: String, _ connection: Connection
    ) -> Xlator {
        var client = Xlator(name, "protocol/client")
        client["ping-timeout"] = "42"
        client["remote-host"] = host
        client["remote-subvolume"] = subvolume
        client["transport-type"] = "tcp"
        client["transport.address-family"] = set("transport.address-family")
        if connection.hasCredentials {
            client["username"] = context.credentials.username
            client["password"] = context.credentials.password
        }
        if isOn("client.ssl") { client["transport.socket.ssl-enabled"] = "true" }
        applyTLS(to: &client)
        // Bricks that look groups up by themselves need none sent.
        let groups = isOn("server.manage-gids") ? "false" : set("client.send-gids") ?? "true"
        if connection.hasMap {
            let forced = connection.sendsGroups ? ["client.send-gids": groups] : [:]
            applyMap(to: &client, forced: forced)
        }
        return client
    }

    /// Replicate or disperse sets over the clients; the names of what DHT stands on.
    mutating func addClusters(forSelfHeal: Bool = false) throws(VolgenError) -> [String] {
        var names: [String] = []
        for (number, set) in volume.topology.subvolumes.enumerated() {
            let clients = set.map(clientName)
            var cluster: Xlator
            switch volume.topology.layout {
            case .distribute:
                names += clients
                continue
            case .replicate(_, let arbiter):
                cluster = try replicate(number, of: set, clients)
                if arbiter { cluster["arbiter-count"] = "1" }
            case .disperse(_, let redundancy):
                cluster = Xlator(
                    "\(name)-disperse-\(number)", "cluster/disperse", subvolumes: clients)
                cluster["redundancy"] = String(redundancy)
            }
            applyMap(to: &cluster, forSelfHeal: forSelfHeal)
            if forSelfHeal { cluster["iam-self-heal-daemon"] = "yes" }
            add(cluster)
            names.append(cluster.name)
        }
        return names
    }

    private func replicate(
        _ number: Int, of set: ArraySlice<Brick>, _ clients: [String]
    ) throws(VolgenError) -> Xlator {
        var (subvolumes, pending) = (clients, clients)
        let arbiter = volume.topology.thinArbiter
        if arbiter != nil, let name = thinArbiterName(of: set) {
            subvolumes.append(name)
            // One thin arbiter serves many volumes: its marks carry the volume's id.
            pending.append("\(name).\(volume.id)")
        }
        var cluster = Xlator(
            "\(name)-replicate-\(number)", "cluster/replicate", subvolumes: subvolumes)
        cluster["afr-pending-xattr"] = pending.joined(separator: ",")
        cluster["volume-id"] = volume.id.description
        if let arbiter { cluster["thin-arbiter"] = "\(try host(of: arbiter)):\(arbiter.path)" }
        return cluster
    }

    /// Bricks of a snapshot keep the names of the volume's: xattrs on them carry these.
    private var clientsName: String { context.snapshot?.origin.description ?? name }

    private func clientName(_ brick: Brick) -> String { "\(clientsName)-client-\(brick.index)" }

    /// Its number is the one that the set's last brick leaves free.
    private func thinArbiterName(of set: ArraySlice<Brick>) -> String? {
        set.map(\.index).max().map { "\(clientsName)-ta-\($0 + 1)" }
    }

    /// With parallel readdir each child of DHT reads ahead by itself.
    mutating func addReadAheadOfDirectories(
        over children: [String], sharesLimit: Bool
    ) -> [String] {
        guard isOn("performance.parallel-readdir") else { return children }
        return children.enumerated().map { number, child in
            var xlator = Xlator(
                "\(name)-readdir-ahead-\(number)", "performance/readdir-ahead",
                subvolumes: [child])
            xlator["performance.readdir-ahead"] = "on"
            applyMap(to: &xlator)
            if sharesLimit, let limit = sharedReadAheadLimit(children.count) {
                xlator["rda-cache-limit"] = limit
            }
            add(xlator)
            return xlator.name
        }
    }

    /// The cache limit is of the mount: each child gets its share, in bytes. glusterd shares it out
    /// in volfiles of mounts alone.
    private func sharedReadAheadLimit(_ children: Int) -> String? {
        guard children > 1, let text = value("performance.rda-cache-limit"),
            let bytes = ByteText.bytes(text)
        else { return nil }
        return "\(bytes / UInt64(children))B"
    }
}
