extension Diagnosis {
    mutating func examineStore(_ facts: HealthFacts) {
        let store = facts.store
        check(facts.unreadable.isEmpty ? nil : unreadable(facts.unreadable))
        check(store.answers ? nil : silent(facts.asked))
        // Whoever does not say how the store is says nothing of it.
        guard store.answers else { return }
        examineQuorum(store)
        for endpoint in store.endpoints ?? [] {
            guard let isHealthy = endpoint.isHealthy else { continue }
            check(isHealthy ? nil : unhealthy(endpoint))
        }
        // Of an external etcd others look after size, copies and members.
        guard store.endpoints == nil else { return }
        for node in facts.nodes {
            if let database = node.report?.database { check(nearlyFull(node.name, database)) }
        }
        examineSnapshots(facts)
        check(twoNodes(facts.nodes))
    }

    private func silent(_ node: String) -> Finding {
        Finding(
            code: .storeSilent, severity: .error, object: .node(node),
            why: "gd2-store does not answer, so that nothing is known of the store and of other "
                + "nodes",
            next: "look why it does not run, on \(node)", command: "systemctl status gd2-store")
    }

    private func unreadable(_ keys: [String]) -> Finding {
        let named = keys.prefix(Limits.keysNamed).joined(separator: ", ")
        let more = keys.count - Limits.keysNamed
        return Finding(
            code: .recordUnreadable, severity: .error, object: .cluster,
            why: "records of the store cannot be read: they are damaged, or of a later version: "
                + named + (more > 0 ? " and \(more) more" : "")
                + "; what they are of is not shown and cannot be changed, and its bricks go on",
            next: "upgrade this node where others are newer; else restore the last snapshot "
                + "(docs/cluster.md)",
            command: "glustercli cluster snapshot list")
    }

    private mutating func examineQuorum(_ store: HealthFacts.Store) {
        let isShort = store.quorum.map { $0.up < $0.needed } ?? false
        if let quorum = store.quorum {
            check(isShort && !store.isWritable ? noQuorum(quorum, store.message) : nil)
            // A store that takes changes has its quorum, whatever is known of the voters.
            let isDown = quorum.up < quorum.voters && !isShort
            check(isDown ? voterSilent(quorum) : nil)
        }
        check(store.isWritable || isShort ? nil : readOnly(store.message))
    }

    private func noQuorum(_ quorum: HealthFacts.Quorum, _ message: String) -> Finding {
        let next =
            quorum.voters == 1
            ? "look at gd2-etcd on the only voter (there: journalctl -u gd2-etcd)"
            : "start the nodes of the other voters; only if they never come back, go on with "
                + "this node alone (docs/cluster.md), which glustercli cluster recover does"
        return Finding(
            code: .noQuorum, severity: .error, object: .cluster,
            why: "\(quorum.up) of \(quorum.voters) voters of the store answer and "
                + "\(quorum.needed) are needed: nothing can be changed; bricks and mounts go on"
                + (message.isEmpty ? "" : " (\(message))"),
            next: next,
            command: "glustercli cluster members")
    }

    private func voterSilent(_ quorum: HealthFacts.Quorum) -> Finding {
        let spare = quorum.up - quorum.needed
        let meaning =
            spare == 0
            ? "one more that fails stops all changes"
            : "\(spare) more may fail before changes stop"
        return Finding(
            code: .voterSilent, severity: .warning, object: .cluster,
            why: "\(quorum.up) of \(quorum.voters) voters of the store answer and "
                + "\(quorum.needed) are needed: \(meaning)",
            next: "start the voter that is away; another node takes its place when it stays so",
            command: "glustercli cluster members")
    }

    private func readOnly(_ message: String) -> Finding {
        Finding(
            code: .storeReadOnly, severity: .error, object: .cluster,
            why: "the store takes no changes: \(message)",
            next: "see what gd2-store says of it", command: "glustercli cluster status")
    }

    private func unhealthy(_ endpoint: HealthFacts.Endpoint) -> Finding {
        Finding(
            code: .endpointUnhealthy, severity: .warning, object: .cluster,
            why: "endpoint \(endpoint.url) of the external etcd is not well"
                + (endpoint.message.isEmpty ? "" : ": \(endpoint.message)"),
            next: "ask the administrator of that etcd", command: "glustercli cluster members")
    }

    private func nearlyFull(_ node: String, _ database: HealthFacts.Database) -> Finding? {
        let (bytes, quota) = (database.bytes, database.quotaBytes)
        guard quota > 0, bytes >= quota / 100 * Limits.storePercent else { return nil }
        let isError = bytes >= quota / 100 * Limits.storeErrorPercent
        return Finding(
            code: .storeNearlyFull, severity: isError ? .error : .warning, object: .node(node),
            why: "etcd holds \(bytes) of \(quota) bytes; at its quota it takes no changes",
            next: "raise etcd-quota-bytes in /etc/gd2/gd2-store.toml on each member, then there",
            command: "systemctl restart gd2-store gd2-etcd")
    }

    private mutating func examineSnapshots(_ facts: HealthFacts) {
        if let damaged = facts.store.damagedSnapshots {
            check(damaged.isEmpty ? nil : snapshotDamaged(damaged, facts.asked))
        }
        // A node that does not answer may have one; only members take them.
        let reports = facts.nodes.compactMap(\.report)
        guard reports.contains(where: { $0.database != nil }) else { return }
        check(snapshotOld(reports.compactMap(\.snapshotTaken).max(), facts.now))
    }

    private func snapshotDamaged(_ names: [String], _ node: String) -> Finding {
        Finding(
            code: .snapshotDamaged, severity: .warning, object: .node(node),
            why: "snapshots of the store cannot be restored: \(names.joined(separator: ", "))",
            next: "look at the disk, delete the files, and take a new one",
            command: "glustercli cluster snapshot list")
    }

    private func snapshotOld(_ newest: Int64?, _ now: Int64) -> Finding? {
        let hours = newest.map { (now - $0) / 3_600 }
        if let hours, hours < Limits.snapshotHours { return nil }
        return Finding(
            code: .snapshotOld, severity: .warning, object: .cluster,
            why: hours.map { "the newest snapshot of the store is \($0) h old" }
                ?? "no node that answers has a snapshot of the store",
            next: "take one now, on a member, and see why none was taken: the log of gd2-store",
            command: "glustercli cluster snapshot save")
    }

    private func twoNodes(_ nodes: [HealthFacts.Node]) -> Finding? {
        guard nodes.count == 2 else { return nil }
        return Finding(
            code: .twoNodesWithoutWitness, severity: .warning, object: .cluster,
            why: "there are two nodes, and one of them votes: without that one nothing can be "
                + "changed",
            next: "add a third node, or a witness, which has no bricks (docs/cluster.md), with a "
                + "token",
            command: "glustercli peer token create")
    }
}
