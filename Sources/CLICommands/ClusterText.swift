import RESTAPI

/// The cluster as people read it.
enum ClusterText {
    static func status(_ cluster: ClusterInfo) -> String {
        var lines = [
            ("Cluster", "\(cluster.id), epoch \(cluster.epoch)"),
            ("Asked node", "\(cluster.node.name) (\(cluster.node.id))"),
            ("State", cluster.isDegraded ? "degraded" : "healthy"),
            ("Peers", "\(cluster.peersUp) of \(cluster.peersTotal) up"),
            ("Changes", cluster.isWritable ? "possible" : "not possible: \(cluster.store)"),
        ]
        if let external = cluster.external {
            lines.append(("Store", "external etcd" + id(external)))
            lines += external.endpoints.map { ("Endpoint", "\($0.url) \(health($0))") }
        } else if let quorum = cluster.quorum {
            let names = quorum.voters.joined(separator: ", ")
            lines.append(
                (
                    "Voters",
                    "\(quorum.votersUp) of \(quorum.voters.count) up, \(quorum.votersNeeded) "
                        + "needed: \(names)"
                ))
        } else {
            lines.append(("Voters", "not known"))
        }
        if let schema = cluster.schema {
            let isWaiting = !schema.waitingFor.isEmpty
            lines.append(
                ("Schema", "\(schema.version)" + (isWaiting ? " of \(schema.newest)" : "")))
        }
        if let plan = cluster.plan { lines.append(("Plan", plan)) }
        if let exchange = cluster.exchange {
            lines.append(("Authorities", AuthorityText.state(exchange)))
            lines += exchange.lacking.map { ("Waiting for", "\($0.name): \($0.message)") }
        }
        lines += (cluster.removedHolders ?? []).map { ("Removed", AuthorityText.text($0)) }
        if let snapshot = cluster.snapshot {
            lines.append(("Snapshot", "\(snapshot.name) of \(TimeText.utc(snapshot.created))"))
        }
        lines += cluster.warnings.map { ("Warning", $0) }
        return lines.map { "\($0.0): \($0.1)\n" }.joined()
    }

    private static func id(_ external: ExternalStoreInfo) -> String {
        external.etcdCluster.map { " \($0)" } ?? ""
    }

    private static func health(_ endpoint: EndpointInfo) -> String {
        switch endpoint.healthy {
        case nil: "not asked by this node"
        case true?: endpoint.leader ? "healthy, leads" : "healthy"
        case false?: "not healthy" + (endpoint.message.map { ": \($0)" } ?? "")
        }
    }

    private static func endpoints(_ external: ExternalStoreInfo, plan: String) -> String {
        let table = Table(
            headers: ["ENDPOINT", "HEALTHY", "LEADER", "VERSION", "DATABASE", "NOTE"],
            rows: external.endpoints.map { endpoint in
                [
                    endpoint.url, endpoint.healthy.map { $0 ? "yes" : "no" } ?? "-",
                    endpoint.leader ? "yes" : "-",
                    endpoint.version.isEmpty ? "-" : endpoint.version,
                    endpoint.databaseBytes == 0 ? "-" : bytes(endpoint.databaseBytes),
                    endpoint.message ?? (endpoint.healthy == nil ? "not asked by this node" : "-"),
                ]
            }
        ).text
        return "External etcd\(id(external))\n" + table + "Plan: \(plan)\n"
    }

    static func version(_ schema: SchemaInfo) -> String {
        let programs = schema.nodes.flatMap { node -> [[String]] in
            guard !node.programs.isEmpty else { return [[node.name, "-", "not known", "-", "-"]] }
            return node.programs.map { program in
                let note =
                    program.refused
                    ? "refused: the store is in \(schema.version)"
                    : program.newest < schema.newest ? "holds back schema \(schema.newest)" : "-"
                return [
                    node.name, program.name, program.version,
                    "\(program.lowest) to \(program.newest)", note,
                ]
            }
        }
        let features = schema.features.map { feature in
            [feature.name, "\(feature.schema)", feature.isOpen ? "open" : "closed"]
        }
        return Table(
            headers: ["NAME", "PROGRAM", "VERSION", "READS SCHEMAS", "NOTE"], rows: programs
        ).text + Table(headers: ["FEATURE", "FROM SCHEMA", "STATE"], rows: features).text
            + "The store is in schema \(schema.version).\n"
    }

    static func members(_ found: MembersInfo) -> String {
        if let external = found.external { return endpoints(external, plan: found.plan) }
        let table = Table(
            headers: [
                "NAME", "MEMBER", "ROLE", "HEALTHY", "VERSION", "DATABASE", "RAFT INDEX", "NOTE",
            ],
            rows: found.members.map { member in
                [
                    member.name ?? member.peerID ?? "(not started)", member.id, member.role,
                    member.healthy ? "yes" : "no", member.version.isEmpty ? "-" : member.version,
                    member.databaseBytes == 0 ? "-" : bytes(member.databaseBytes),
                    member.raftIndex == 0 ? "-" : "\(member.raftIndex)", member.message ?? "-",
                ]
            }
        ).text
        let missing = (found.missing ?? []).map { "Missing: \($0)\n" }.joined()
        let none = missing.isEmpty ? "nothing to do" : "not known"
        let plan = found.plan.isEmpty ? none : found.plan
        return table + "Voters wanted: \(found.votersWanted)\nPlan: \(plan)\n" + missing
    }

    static func snapshots(_ snapshots: [SnapshotInfo]) -> String {
        Table(
            headers: ["NAME", "CREATED", "SIZE", "REVISION", "STATE"],
            rows: snapshots.map { snapshot in
                let note = snapshot.message.map { ": \($0)" } ?? ""
                return [
                    snapshot.name, TimeText.utc(snapshot.created), bytes(snapshot.bytes),
                    "\(snapshot.revision)", (snapshot.damaged ? "damaged" : "good") + note,
                ]
            }
        ).text
    }
}
