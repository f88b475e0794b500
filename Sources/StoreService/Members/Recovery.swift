import FoundationEssentials
import GD2Error
import Glibc
import GlusterModel
import HelperProgram
import Logging
import StoreAPI

/// Makes this node the only voter, of what it has: its own database, or a snapshot. Always a
/// restore into a new data directory under a new epoch; what was there stays in `aside`.
struct Recovery: Sendable {
    let node: NodeParts
    let upstream: Upstream
    let liveness: Liveness
    let folder: SnapshotFolder
    let life: EtcdLife

    private var state: String { node.configuration.stateDirectory }

    func recover(snapshot: String?, isDryRun: Bool) async throws -> (Epoch, String) {
        try node.refuseExternal("to recover or restore it is for")
        let isAlone = node.peers.peers.count <= 1
        if upstream.answers, !isAlone {
            throw GD2Error(.conflict, Self.refusal(isSnapshot: snapshot != nil))
        }
        // Two stores would go on, each for itself, as soon as they have a leader.
        guard !QuorumText.isElecting(node, liveness) else {
            throw GD2Error(
                .conflict,
                "\(QuorumText.of(node, liveness)): nothing is to be recovered. If they never "
                    + "do, systemctl stop gd2-etcd on the other voters (glustercli cluster "
                    + "members), and recover then")
        }
        let source = try await source(snapshot)
        let epoch = Epoch(node.state.identity.epoch.number + 1)
        let others = node.peers.peers.values.filter { $0.id != node.own }.map(\.name).sorted()
        let loss =
            snapshot == nil
            ? "what other voters had and this one had not yet"
            : "what was changed since the snapshot was taken"
        let rest =
            others.isEmpty
            ? ""
            : " \(others.joined(separator: ", ")) \(others.count == 1 ? "takes" : "take") what it "
                + "has when back."
        let what =
            "the store of \(source.what), epoch \(epoch), with this node as its only voter; lost "
            + "is \(loss).\(rest)"
        guard !isDryRun else { return (epoch, "would be made: " + what) }
        try await make(source.path, isCopy: snapshot == nil, epoch: epoch)
        node.restart.soon()
        return (epoch, "made: " + what)
    }

    private static func refusal(isSnapshot: Bool) -> String {
        guard isSnapshot else {
            return "the store answers, so it has its quorum: nothing is to be recovered. Remove "
                + "dead peers with glustercli peer remove --force"
        }
        return "the store answers, so it has its quorum, and all would lose what was changed since "
            + "the snapshot: to go back all the same, systemctl stop gd2-etcd on the voters "
            + "(glustercli cluster members), restore here, and systemctl start gd2-etcd on them"
    }

    private func source(_ snapshot: String?) async throws -> (path: String, what: String) {
        if let snapshot {
            guard let found = try await folder.find(snapshot) else {
                throw GD2Error(
                    .notFound,
                    "there is no snapshot \(snapshot) in \(folder.path): "
                        + "glustercli cluster snapshot list shows all")
            }
            guard !found.isDamaged else {
                throw GD2Error(.invalid, "\(found.path) is damaged: \(found.message)")
            }
            return (found.path, "snapshot \(found.name)")
        }
        guard let record = await node.role.record, record.member != nil else {
            throw GD2Error(
                .notFound,
                "this node is no member of the store and has no database: recover on one that is, "
                    + "or from a snapshot")
        }
        let database = "\(state)/\(record.dataDirectory)/member/snap/db"
        guard FileManager.default.fileExists(atPath: database) else {
            throw GD2Error(.notFound, "\(database) does not exist: recover from a snapshot")
        }
        return (database, "this node")
    }

    /// The database is copied when etcd has ended, so that it is whole.
    private func make(_ source: String, isCopy: Bool, epoch: Epoch) async throws {
        let (files, record) = (FileManager.default, await node.role.record)
        unlink(StoreDaemon.roleFile(stateDirectory: state))
        await life.end()
        let name = "etcd-epoch-\(epoch)"
        let target = "\(state)/\(name)"
        try? files.removeItem(atPath: target)
        do {
            try await restore(source, isCopy: isCopy, to: target, epoch: epoch)
        } catch {
            try? files.removeItem(atPath: target)
            // As it was before.
            try await node.role.begin()
            throw error
        }
        let url = node.configuration.peerURL
        var next = MemberRecord(
            cluster: node.state.identity.cluster, member: 0, peerURL: url,
            initialCluster: ["\(node.own)=\(url)"], joins: false, isAlone: false,
            dataDirectory: name,
            digest: "",
            clusterToken: "\(node.state.identity.cluster)-\(epoch)")
        next.schema = record?.schema ?? 1
        next.hasRun = true
        var identity = node.state.identity
        identity.epoch = epoch
        identity.recovering = epoch
        try next.save(state)
        try identity.save(directory: state)
        node.log.notice("store recovered", metadata: ["epoch": "\(epoch)"])
    }

    private func restore(
        _ source: String, isCopy: Bool, to target: String, epoch: Epoch
    ) async throws {
        let url = node.configuration.peerURL
        let words =
            ["snapshot", "restore", source, "--data-dir=\(target)", "--name=\(node.own)"] + [
                "--initial-cluster=\(node.own)=\(url)", "--initial-advertise-peer-urls=\(url)",
                "--initial-cluster-token=\(node.state.identity.cluster)-\(epoch)",
                // A database has no checksum behind it; a snapshot's was checked.
                "--skip-hash-check=\(isCopy)",
            ]
        let etcdctl = HelperProgram(
            path: node.configuration.etcdctlBinary, environment: ["ETCDCTL_API": "3"],
            time: Limits.restore, outputBytes: Limits.restoreOutputBytes)
        let outcome: HelperProgram.Outcome
        do { outcome = try await etcdctl.run(words, errors: .combined) } catch {
            throw GD2Error(
                .internal,
                "no store can be made of \(source): \(error); is the Debian package etcd-client "
                    + "installed?")
        }
        guard outcome.end == .status(0) else {
            throw GD2Error(
                .internal,
                "\(etcdctl.path) made no store of \(source): "
                    + String(decoding: outcome.output, as: UTF8.self))
        }
    }
}
