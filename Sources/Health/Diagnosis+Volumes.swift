extension Diagnosis {
    mutating func examineVolumes(_ facts: HealthFacts) {
        let silent = Set(facts.nodes.filter { $0.silence != nil }.map(\.name))
        for volume in facts.volumes {
            check(volume.hasTwoCopiesAlone ? splitBrain(volume.name) : nil)
            for brick in volume.bricks {
                if case .unknown = brick.state { continue }
                check(offline(brick, volume.name))
            }
            for (node, bricks) in Dictionary(grouping: volume.bricks, by: \.node) {
                check(unknown(bricks, on: node, volume.name, isSilent: silent.contains(node)))
            }
        }
        for job in facts.jobs { check(stuck(job)) }
    }

    private func splitBrain(_ name: String) -> Finding {
        Finding(
            code: .splitBrainLayout, severity: .warning, object: .volume(name),
            why: "it has two copies and no arbiter: writes while one is away stop, or the copies "
                + "can differ for good",
            next: "make such volumes with an arbiter, replica 3 arbiter 1, or with a thin arbiter",
            command: "glustercli volume info \(name)")
    }

    private func offline(_ brick: HealthFacts.Brick, _ volume: String) -> Finding? {
        guard case .offline(let message) = brick.state else { return nil }
        return Finding(
            code: .brickOffline, severity: .error, object: .brick("\(brick.node):\(brick.path)"),
            why: "the brick of \(volume) does not run"
                + (message.isEmpty ? "" : ": \(message)"),
            next: "mend that on \(brick.node), where gd2-brickd's and the brick's log say more; "
                + "then",
            command: "glustercli volume start \(volume) force")
    }

    private func unknown(
        _ bricks: [HealthFacts.Brick], on node: String, _ volume: String, isSilent: Bool
    ) -> Finding? {
        var reason = ""
        let paths = bricks.compactMap { brick -> String? in
            guard case .unknown(let why) = brick.state else { return nil }
            reason = why
            return brick.path
        }.sorted()
        guard !paths.isEmpty else { return nil }
        return Finding(
            code: .brickUnknown, severity: .warning, object: .volume(volume),
            why: "nobody says how \(paths.joined(separator: ", ")) on \(node) is: \(reason)",
            next: "the brick may run all the same; "
                + (isSilent ? "bring \(node) back" : "look at gd2-brickd, on \(node)"),
            command: isSilent ? "glustercli peer status" : "systemctl status gd2-brickd")
    }

    private func stuck(_ job: HealthFacts.Job) -> Finding? {
        guard job.seconds >= Limits.jobSeconds else { return nil }
        return Finding(
            code: .jobStuck, severity: .warning, object: .job(job.id),
            why: "\(job.what) has not ended for \(job.seconds / 60) min: \(job.progress)",
            next: "see what it waits for", command: "glustercli job show \(job.id)")
    }
}
