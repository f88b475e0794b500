import Daemon
import FoundationEssentials
import GD2Error
import Glibc
import GlusterModel
import Processes
import StoreAPI
import StoreMirror
import Transaction

/// Makes a directory that takes another brick's place fit to be served: the other bricks of its set
/// are told that it is empty before a process runs there, as glusterd does (decision 0043). It may
/// be done again after any part of it.
struct BrickAnnouncer: Sendable {
    let command: BrickCommand
    let launcher: any ProcessLauncher
    /// Of this node's view of the store.
    let mirror: StoreMirror
    private var configuration: BrickConfiguration { command.configuration }

    /// Throws why it cannot be done now. `number` makes the unit's name unique.
    func announce(
        _ brick: Brick, of volume: Volume, host: String, number: Int
    ) async throws(GD2Error) {
        let directory = BrickDirectory(path: brick.path)
        let isReplicated = if case .replicate = volume.topology.layout { true } else { false }
        try directory.makeNew(isReplicated: isReplicated)
        // A disperse set tells by itself which of its bricks lacks the newest.
        if isReplicated {
            try await waitForOldBrick(of: volume.id)
            let wish = try self.wish(brick, volume, host)
            try await tell(wish, volume, number)
        }
        FailPoint.pass("brickd-announced")
        try directory.settleReplacement()
    }

    /// While the brick that goes still runs, whoever is connected to it could heal that one and
    /// take the others' notes away again. Its end is a step of the transaction, whose journal is
    /// in every view that has the new brick, until it has ended.
    private func waitForOldBrick(of volume: VolumeID) async throws(GD2Error) {
        for _ in 0..<Limits.oldBrickPolls {
            guard Self.isReplacing(volume, mirror.view) else { return }
            do { try await Task.sleep(for: .milliseconds(Limits.tickMs)) } catch { break }
        }
        throw GD2Error(
            .unavailable,
            "it waits for the end of the brick in whose place it comes: glustercli job list")
    }

    static func isReplacing(_ volume: VolumeID, _ view: MirrorView) -> Bool {
        guard let prefix = view.identity?.keys.transactions else { return false }
        return view.values.below(prefix).contains { value in
            guard let record = try? RecordCoding.decode(TransactionRecord.self, from: value.value)
            else { return false }
            return record.operation == .replaceBrick
                && record.steps.contains { $0.arguments.volume == volume }
        }
    }

    private func wish(
        _ brick: Brick, _ volume: Volume, _ host: String
    ) throws(GD2Error) -> BrickAnnouncement.Wish {
        guard let set = volume.topology.subvolumes.first(where: { $0.contains(brick) }) else {
            throw GD2Error(.internal, "brick \(brick.path) is in no set of \(volume.name)")
        }
        let client = { (other: Brick) in "\(volume.head.volfileName)-client-\(other.index)" }
        return BrickAnnouncement.Wish(
            volfileID: volume.name.description, client: client(brick), host: host,
            brick: brick.path.description,
            sources: set.filter { $0 != brick && !$0.isArbiter }.map(client),
            folder: command.socket(key: "announce \(brick.path)") + ".mount",
            logFile: "\(configuration.logDirectory)/\(volume.name)-replace-brick-mount.log",
            glusterfs: configuration.glusterfs, socket: configuration.localSocket)
    }

    private func tell(
        _ wish: BrickAnnouncement.Wish, _ volume: Volume, _ number: Int
    ) async throws(GD2Error) {
        unlink(wish.resultFile)
        let spec = ProcessSpec(
            unit: "gluster-announce-\(wish.client)-\(number)",
            description: "Tells volume \(volume.name) that brick \(wish.brick) is empty",
            executable: Self.ownProgram, arguments: wish.words)
        do {
            let pid = try await launcher.launch(spec)
            if let handle = ProcessHandle(pid: pid) { await Self.wait(for: handle) }
        } catch ProcessError.noProcess {
            // It has ended already.
        } catch { throw failure("\(error)", wish) }
        let said = ProcFile.contents(of: wish.resultFile)
        unlink(wish.resultFile)
        rmdir(wish.folder)
        let text = said.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard text == BrickAnnouncement.done else {
            throw failure(text.isEmpty ? "it was ended" : text, wish)
        }
    }

    private func failure(_ why: String, _ wish: BrickAnnouncement.Wish) -> GD2Error {
        GD2Error(
            .unavailable,
            "the other bricks of its set could not be told yet that it is new and empty: \(why): "
                + "see \(wish.logFile)")
    }

    /// Until its end, or until it has taken too long and is killed; its mount goes with it.
    private static func wait(for handle: ProcessHandle) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await handle.waitForExit() }
            group.addTask {
                do { try await Task.sleep(for: Limits.announcement) } catch { return }
                handle.signal(SIGKILL)
                try? await Task.sleep(for: .seconds(1))
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// This program, by the path with which it was started.
    private static var ownProgram: String {
        if let word = CommandLine.arguments.first, word.hasPrefix("/") { return word }
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return link ?? "/usr/sbin/gd2-brickd"
    }
}
