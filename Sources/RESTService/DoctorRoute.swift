import GlusterModel
import HTTPTypes
import Health
import Hummingbird
import RESTAPI
import StoreAPI
import StoreMirror
import Transaction

/// A program of this node beside gd2-store, and what it is asked to see whether it answers.
struct OwnProgram: Sendable {
    let name: String
    let ask: @Sendable () async throws -> Void
}

/// `GET /v1/doctor`: collects facts in the time of a read, and has them judged.
struct DoctorRoute: Sendable {
    let local: LocalStore
    let cluster: ClusterRoutes
    let bricks: NodeBricks
    let programs: [OwnProgram]

    var listed: [ListedRoute] {
        [
            ListedRoute(
                name: "Doctor", method: .get, path: "/v1/doctor", response: "DoctorInfo"
            ) { _, _ in
                let facts = try await facts()
                return try Response.json(DoctorInfo(Diagnosis(of: facts), node: facts.asked))
            }
        ]
    }

    private func facts() async throws -> HealthFacts {
        async let asked = local.answer { try await local.calls.nodes() }
        async let states = volumes(cluster.cluster.current)
        async let answering = answering()
        let summary = try await cluster.summary()
        let nodes = (await asked).map { asked in
            Dictionary(asked.map { ($0.peer, $0) }) { first, _ in first }
        }
        let info = summary.info
        var facts = HealthFacts(
            now: summary.now, asked: info.node.name, store: .init(summary, info),
            nodes: NodeFacts(summary: summary, asked: nodes).all)
        facts.volumes = await states
        facts.programs = await answering
        facts.unreadable = summary.state.unreadable
        facts.authorities = (summary.authorities?.authorities ?? []).filter(\.signs).map {
            .init(use: $0.use.rawValue, expires: $0.expires)
        }
        facts.removed = (summary.authorities?.removed ?? []).map { removed in
            let lacking = summary.authorities?.exchange?.lacking ?? []
            return .init(
                name: removed.name, why: removed.message,
                waitingFor: lacking.map { "\($0.name): \($0.message)" })
        }
        facts.jobs = jobs(summary)
        return facts
    }

    private func answering() async -> [HealthFacts.OwnProgram] {
        await withTaskGroup(of: HealthFacts.OwnProgram.self) { group in
            for program in programs {
                group.addTask {
                    let answer: Bool? = await local.answer {
                        try await program.ask()
                        return true
                    }
                    return .init(name: program.name, answers: answer != nil)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    // MARK: Volumes

    private func volumes(_ state: ClusterState) async -> [HealthFacts.Volume] {
        let started = state.volumes.values.filter { $0.head.state == .started }
        // Those that are well by their nodes' last reports come last, where not all are asked.
        let asked = started.sorted {
            (isWell($0, state) ? 1 : 0, $0.name) < (isWell($1, state) ? 1 : 0, $1.name)
        }.prefix(Limits.doctorVolumes)
        async let silent = local.silent(of: Set(state.peers.keys))
        let found = await withTaskGroup(of: (VolumeID, NodeBricks.States).self) { group in
            for volume in asked {
                group.addTask { (volume.id, await bricks.states(of: volume, state)) }
            }
            var found: [VolumeID: NodeBricks.States] = [:]
            for await (volume, states) in group { found[volume] = states }
            return found
        }
        let away = await silent
        return state.volumes.values.sorted { $0.name < $1.name }.map { volume in
            let isStarted = volume.head.state == .started
            let states = found[volume.id] ?? reported(volume, away, state)
            return HealthFacts.Volume(
                name: volume.name.description,
                hasTwoCopiesAlone: volume.topology.layout == .replicate(copies: 2, arbiter: false)
                    && volume.topology.thinArbiter == nil,
                bricks: isStarted
                    ? VolumeShapes(state: state).bricks(volume, states).map { fact($0, state) }
                    : [])
        }
    }

    private func isWell(_ volume: Volume, _ state: ClusterState) -> Bool {
        volume.topology.allBricks.allSatisfy { brick in
            state.reports[volume.id]?[brick.peer]?.bricks
                .contains { $0.index == brick.index && $0.phase == .online } == true
        }
    }

    /// What is known of a volume that is one too many to be asked about.
    private func reported(
        _ volume: Volume, _ silent: Set<PeerID>, _ state: ClusterState
    ) -> NodeBricks.States {
        var states = NodeBricks.States()
        for peer in silent.intersection(volume.topology.allBricks.map(\.peer)) {
            let name = state.peers[peer]?.name ?? "\(peer)"
            states.missing[peer] = MissingNode(
                peerID: "\(peer)", name: name, message: "\(name) does not answer")
        }
        return states
    }

    private func fact(_ brick: BrickStatus, _ state: ClusterState) -> HealthFacts.Brick {
        let peer = PeerID(brick.info.peerID).flatMap { state.peers[$0] }
        let message = brick.message ?? ""
        return HealthFacts.Brick(
            node: peer?.name ?? brick.info.host, path: brick.info.path,
            state: brick.isStale == true
                ? .unknown(message) : brick.online ? .online : .offline(message))
    }

    // MARK: Jobs

    private func jobs(_ summary: ClusterSummary) -> [HealthFacts.Job] {
        let shapes = JobShapes(store: local.store, mirror: local.mirror, cluster: cluster.cluster)
        return JobReader().records(summary.view).filter { !$0.state.hasEnded }.map { job in
            HealthFacts.Job(
                id: job.id.description, what: "\(job.operation) of \(job.object)",
                seconds: summary.now - job.startedMs / 1_000,
                progress: shapes.info(job, summary.view).progress.text)
        }
    }
}

extension HealthFacts.Store {
    init(_ summary: ClusterSummary, _ info: ClusterInfo) {
        self.init(
            answers: summary.store != nil || summary.probed != nil, isWritable: info.isWritable,
            message: info.store)
        quorum = info.quorum.map {
            .init(voters: $0.voters.count, up: $0.votersUp, needed: $0.votersNeeded)
        }
        endpoints = info.external?.endpoints.map {
            .init(url: $0.url, isHealthy: $0.healthy, message: $0.message ?? "")
        }
        damagedSnapshots = summary.snapshots?.filter(\.isDamaged).map(\.name).sorted()
    }
}

extension DoctorInfo {
    init(_ diagnosis: Diagnosis, node: String) {
        self.init(
            node: node, checks: diagnosis.checks, findings: diagnosis.findings.map(FindingInfo.init)
        )
    }
}

extension FindingInfo {
    init(_ finding: Finding) {
        let (kind, name): (String, String?) =
            switch finding.object {
            case .cluster: ("cluster", nil)
            case .node(let name): ("node", name)
            case .volume(let name): ("volume", name)
            case .brick(let name): ("brick", name)
            case .job(let id): ("job", id)
            }
        self.init(
            code: finding.code.rawValue, severity: finding.severity.rawValue, kind: kind,
            name: name, why: finding.why, next: finding.next, command: finding.command)
    }
}
