import Crypto
import FoundationEssentials
import GlusterModel
import Hexadecimal
import Processes

/// Command lines of bricks and self-heal daemons (GlusterFS glusterd-utils.c),
/// and how one is recognised among the processes of this host.
struct BrickCommand: Sendable {
    let configuration: BrickConfiguration
    let peer: PeerID

    func brick(_ brick: Brick, of volume: Volume, host: String, port: Int) -> ProcessSpec {
        let name = volume.head.volfileName
        let id = "\(name).\(host).\(brick.path.dashed)"
        let log = "\(configuration.logDirectory)/bricks/\(brick.path.dashed).log"
        return ProcessSpec(
            unit: "gluster-brick-\(name)-\(brick.index)-\(port)",
            description: "Brick \(brick.path) of volume \(volume.name)",
            executable: configuration.glusterfsd,
            arguments: common(volfile: id, key: "brick \(brick.path)", log: log) + [
                "--brick-name", brick.path.description,
                "--xlator-option", "*-posix.glusterd-uuid=\(peer)", "--process-name", "brick",
                "--brick-port", "\(port)",
                "--xlator-option", "\(name)-server.listen-port=\(port)", "-N",
            ])
    }

    /// Another for each topology, so that a daemon of an older one is not taken for this one's.
    static func selfHealKey(_ volume: Volume) -> String {
        let generation = volume.head.generation
        return generation == 1 ? "shd \(volume.id)" : "shd \(volume.id) \(generation)"
    }

    func selfHeal(_ volume: Volume, attempt: Int) -> ProcessSpec {
        let name = volume.head.volfileName
        let log = "\(configuration.logDirectory)/glustershd-\(name).log"
        return ProcessSpec(
            unit: "gluster-shd-\(name)-\(attempt)",
            description: "Self-heal daemon of volume \(volume.name)",
            executable: configuration.glusterfs,
            arguments: common(volfile: "shd/\(name)", key: Self.selfHealKey(volume), log: log) + [
                "--xlator-option", "*replicate*.node-uuid=\(peer)",
                // Not "glustershd": a process of that name takes volumes by SVC_ATTACH and ends
                // when it fetches its volfile again.
                "--process-name", "gd2-shd", "--client-pid=-6", "-N",
            ])
    }

    /// The socket that only this node's process of that key has: what recognises it.
    func socket(key: String) -> String {
        let digest = SHA256.hash(data: Data("\(peer) \(key)".utf8)).prefix(8)
        return "\(configuration.runDirectory)/gd2-\(digest.hexadecimal).socket"
    }

    private func common(volfile: String, key: String, log: String) -> [String] {
        let socket = socket(key: key)
        return [
            "-s", configuration.localSocket, "--volfile-server-transport=unix",
            "--volfile-id", volfile, "-p", socket + ".pid", "-S", socket, "-l", log,
        ]
    }

    /// Bricks and daemons of this node that run here, by their socket.
    func running() -> [String: (pid: Int32, port: Int)] {
        var found: [String: (pid: Int32, port: Int)] = [:]
        for entry in ProcessTable.processes(named: ["glusterfsd", "glusterfs"]) {
            // Another node's processes may be seen too: a container's, or a second node's on this
            // host.
            guard let socket = entry.value(after: "-S"),
                socket.hasPrefix(configuration.runDirectory + "/gd2-"),
                entry.words.contains(where: { $0.hasSuffix("uuid=\(peer)") })
            else { continue }
            found[socket] = (entry.pid, entry.value(after: "--brick-port").flatMap { Int($0) } ?? 0)
        }
        return found
    }
}
