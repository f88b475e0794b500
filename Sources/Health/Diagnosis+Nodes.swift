import GlusterModel

extension Diagnosis {
    mutating func examineNodes(_ facts: HealthFacts) {
        check(wrongClock(facts))
        for program in facts.programs { check(silent(program, facts.asked)) }
        for node in facts.nodes {
            // Without gd2-store nobody says who answers.
            if facts.store.answers {
                check(node.silence.map { silent(node.name, $0) })
                if node.silence == nil { check(node.report == nil ? unreported(node) : nil) }
            }
            if let skew = node.clockSkewMs { check(skewed(node.name, skew, facts.asked)) }
            if let report = node.report { examine(report, of: node.name, facts.now) }
            for program in node.programs { check(refused(program, node.name)) }
            check(left(node))
            check(fenced(node))
        }
        for authority in facts.authorities { check(ends(authority, facts.now)) }
        for removed in facts.removed { check(hasKeys(removed)) }
        check(mixed(facts.nodes))
    }

    private func silent(_ name: String, _ silence: HealthFacts.Silence) -> Finding {
        let since = silence.seconds.map { " since \($0) s" } ?? ""
        return Finding(
            code: .peerSilent, severity: .error, object: .node(name),
            why: "it does not answer\(since)" + (silence.why.isEmpty ? "" : ": \(silence.why)"),
            next: "look at the node, its gd2-store, its network and TCP 24008",
            command: "glustercli peer status")
    }

    private func silent(_ program: HealthFacts.OwnProgram, _ node: String) -> Finding? {
        guard !program.answers else { return nil }
        let meaning =
            switch program.name {
            case "gd2-pmap": "no client can mount or connect again through this node"
            case "gd2-brickd": "bricks here go on, and are neither started, stopped nor watched"
            default: "what it does is not done here"
            }
        return Finding(
            code: .programSilent, severity: .error, object: .node(node),
            why: "\(program.name) does not answer: \(meaning)",
            next: "see why it does not run or hangs, on \(node)",
            command: "systemctl status \(program.name)")
    }

    private func unreported(_ node: HealthFacts.Node) -> Finding {
        Finding(
            code: .nodeUnreported, severity: .warning, object: .node(node.name),
            why: "its settings, certificates and etcd could not be checked: \(node.unreported)",
            next: "ask again; where its gd2 is of an earlier version, upgrade it",
            command: "glustercli cluster version")
    }

    private func wrongClock(_ facts: HealthFacts) -> Finding? {
        guard facts.now < suiteBegan else { return nil }
        return Finding(
            code: .clockWrong, severity: .error, object: .node(facts.asked),
            why: "its clock is \((suiteBegan - facts.now) / 86_400) days or more behind: "
                + "certificates are not valid yet, so that the store cannot be reached; bricks "
                + "and mounts go on",
            next: "set it and keep it right (chrony, systemd-timesyncd); the rest follows",
            command: "timedatectl status")
    }

    private func skewed(_ name: String, _ skew: Int64, _ asked: String) -> Finding? {
        let size = abs(skew)
        guard size > Limits.skewMs else { return nil }
        let text = "\(size / 1_000).\(size % 1_000 / 100)"
        return Finding(
            code: .clockSkew, severity: .warning, object: .node(name),
            why: "its clock is \(text) s \(skew < 0 ? "behind" : "ahead of") that of \(asked)",
            next: "make both keep time (chrony, systemd-timesyncd); on each",
            command: "timedatectl status")
    }

    private mutating func examine(
        _ report: HealthFacts.Report, of name: String, _ now: Int64
    ) {
        check(report.isOpenToJoin ? open(name) : nil)
        for certificate in report.certificates { check(expires(certificate, of: name, now)) }
    }

    private func open(_ name: String) -> Finding {
        Finding(
            code: .openJoin, severity: .warning, object: .node(name),
            why: "open-join is set: whoever reaches its TCP 24008 can make himself a peer",
            next: "take open-join out of /etc/gd2/gd2-store.toml there and join nodes by tokens; "
                + "then there",
            command: "systemctl restart gd2-store")
    }

    private func expires(
        _ certificate: HealthFacts.Certificate, of name: String, _ now: Int64
    ) -> Finding? {
        let days = (certificate.expires - now) / 86_400
        let isOver = certificate.expires <= now
        guard isOver || days < Limits.certificateDays else { return nil }
        return Finding(
            code: .certificateExpires,
            severity: isOver || days < Limits.certificateErrorDays ? .error : .warning,
            object: .node(name),
            why: "its certificate for \(certificate.use) "
                + (isOver ? "has ended" : "ends in \(days) days")
                + ", though it is renewed 30 days before",
            next: "see why it was not renewed; on \(name)",
            command: "journalctl -u gd2-store -p warning")
    }

    private func ends(_ authority: HealthFacts.Authority, _ now: Int64) -> Finding? {
        let days = (authority.expires - now) / 86_400
        guard days < Limits.authorityDays else { return nil }
        return Finding(
            code: .authorityEnds, severity: .warning, object: .cluster,
            why: "the authority for \(authority.use) ends in \(days) days, and no certificate "
                + "outlives it",
            next: "replace both authorities while the cluster serves",
            command: "glustercli cluster authority exchange")
    }

    private func hasKeys(_ removed: HealthFacts.Removed) -> Finding {
        let waiting = removed.waitingFor.map { "; waiting for \($0)" }.joined()
        return Finding(
            code: .removedPeerHasKeys, severity: .warning, object: .node(removed.name),
            why: "it was removed and has had the keys of the cluster's authorities, so whoever "
                + "has its disk, or a copy, gets into TCP 2380: \(removed.why)\(waiting)",
            next: waiting.isEmpty
                ? "wait, or begin the exchange at once (glustercli cluster authority exchange)"
                : "start the node that is waited for, or remove it too where it is gone for ever",
            command: "glustercli cluster authority show")
    }

    private func refused(_ program: HealthFacts.Program, _ name: String) -> Finding? {
        guard let refusal = program.refusal else { return nil }
        return Finding(
            code: .buildRefused, severity: .error, object: .node(name),
            why: "\(program.name) \(program.version) changes nothing: \(refusal)",
            next: "install the version of the other nodes on \(name)",
            command: "glustercli cluster version")
    }

    private func mixed(_ nodes: [HealthFacts.Node]) -> Finding? {
        var holders: [String: [String]] = [:]
        for node in nodes {
            for version in Set(node.programs.map(\.version)) {
                holders[version, default: []].append(node.name)
            }
        }
        guard holders.count > 1 else { return nil }
        let text = holders.sorted { $0.key < $1.key }.map { version, names in
            "\(version) on \(names.sorted().joined(separator: ", "))"
        }.joined(separator: "; ")
        return Finding(
            code: .versionsMixed, severity: .warning, object: .cluster,
            why: "programs of several versions run: \(text)",
            next: "bring the upgrade to its end, node by node; features of the new version wait "
                + "for it",
            command: "glustercli cluster version")
    }

    private func left(_ node: HealthFacts.Node) -> Finding? {
        guard !node.left.isEmpty else { return nil }
        let text = node.left.map { "\($0.bricks.joined(separator: ", ")) of \($0.volume)" }
            .joined(separator: "; ")
        return Finding(
            code: .leftToClean, severity: .warning, object: .node(node.name),
            why: "it cleans up when it is back: \(text)",
            next: "start the node; where it never comes back, remove it",
            command: "glustercli peer status")
    }

    private func fenced(_ node: HealthFacts.Node) -> Finding? {
        guard !node.fences.isEmpty else { return nil }
        let text = node.fences.map { "\($0.volume) since \($0.since), by \($0.by)" }
            .joined(separator: "; ")
        return Finding(
            code: .peerFenced, severity: .warning, object: .node(node.name),
            why: "volumes were changed without it, and no client may get them from it before it "
                + "has seen that: \(text)",
            next: "start it only where it reaches the other nodes; it lifts its fences by itself "
                + "then. Where it never comes back, remove it",
            command: "glustercli peer show \(node.name)")
    }
}
