import CLinux
import Glibc
import Processes

/// The part that needs a mount of the volume, in a process of its own: mounts it where nobody else
/// sees it, and has AFR note on the other bricks of a set that one of them lacks everything
/// (GlusterFS glusterd-utils.c, glusterd_handle_replicate_brick_ops; afr-inode-write.c,
/// _afr_handle_empty_brick). Mount and client end with this process, however it ends.
public enum BrickAnnouncement {
    public struct Wish: Sendable {
        /// Of the client's volfile.
        public var volfileID: String
        /// The client xlator of the empty brick, and where that is.
        public var client: String
        public var host: String
        public var brick: String
        /// Client xlators of those that have the data.
        public var sources: [String]
        /// Where the volume is mounted; made, and removed.
        public var folder: String
        public var logFile: String
        public var glusterfs: String
        /// gd2-pmap's.
        public var socket: String

        public init(
            volfileID: String, client: String, host: String, brick: String, sources: [String],
            folder: String, logFile: String, glusterfs: String, socket: String
        ) {
            self.volfileID = volfileID
            self.client = client
            self.host = host
            self.brick = brick
            self.sources = sources
            self.folder = folder
            self.logFile = logFile
            self.glusterfs = glusterfs
            self.socket = socket
        }

        /// Where the outcome stands: ``done``, or why it is not.
        var resultFile: String { folder + ".result" }

        /// The command line of gd2-brickd that carries it out.
        var words: [String] {
            [
                "announce-brick", "--volfile-id=\(volfileID)", "--client=\(client)",
                "--host=\(host)", "--brick=\(brick)", "--folder=\(folder)",
                "--log-file=\(logFile)", "--glusterfs=\(glusterfs)", "--socket=\(socket)",
            ] + sources.map { "--source=\($0)" }
        }
    }

    static let done = "done"
    /// GF_CLIENT_PID_ADD_REPLICA_MOUNT of glusterfs/common-utils.h: AFR takes it from no other.
    private static let clientPID = -12
    /// GF_AFR_REPLACE_BRICK of glusterfs/glusterfs.h.
    private static let replaceBrick = "trusted.replace-brick"

    enum Failure: Error, CustomStringConvertible {
        case call(String, errno: Int32)
        case isRunning
        case clientEnded
        case notMounted
        case oldTopology(found: String)
        case noSource

        var description: String {
            switch self {
            case .call(let name, let code): "\(name): \(String(cString: strerror(code)))"
            case .isRunning: "another try has not ended"
            case .clientEnded: "the volume could not be mounted"
            case .notMounted: "the volume was not mounted in time"
            case .oldTopology(let found):
                "the volfile that gd2-pmap gives is of before the change, with \(found)"
            case .noSource: "no brick of its set that has the data can be reached"
            }
        }
    }

    /// Does it on the calling thread, and writes how it ended. Whether it is done.
    public static func run(_ wish: Wish) -> Bool {
        alarm(UInt32(Limits.announcementSeconds))
        var text = done
        do { try announce(wish) } catch { text = "\(error)" }
        let descriptor = open(wish.resultFile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count && text == done
    }

    private static func announce(_ wish: Wish) throws(Failure) {
        let lock = open(wish.folder + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .call("open", errno: errno) }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw .isRunning }
        guard gd2_own_mounts() == 0 else { throw .call("unshare", errno: errno) }
        guard mkdir(wish.folder, 0o700) == 0 || errno == EEXIST else {
            throw .call("mkdir", errno: errno)
        }
        let client = try mount(wish)
        defer {
            umount2(wish.folder, Int32(MNT_DETACH))
            end(client)
            rmdir(wish.folder)
        }
        try waitForMount(wish, client)
        try checkTopology(wish)
        try waitForSources(wish)
        let name = wish.client.utf8CString
        let result = name.withUnsafeBufferPointer { value in
            setxattr(wish.folder, replaceBrick, value.baseAddress, value.count, 0)
        }
        guard result == 0 else { throw .call("setxattr \(replaceBrick)", errno: errno) }
    }

    private static func mount(_ wish: Wish) throws(Failure) -> pid_t {
        let words = [
            wish.glusterfs, "-N", "-s", wish.socket, "--volfile-server-transport=unix",
            "--volfile-id", wish.volfileID, "--client-pid=\(clientPID)", "-l", wish.logFile,
            wish.folder,
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for word in arguments { free(word) } }
        let pid = gd2_spawn_dying(wish.glusterfs, arguments)
        guard pid > 0 else { throw .call("fork", errno: errno) }
        return pid
    }

    private static func waitForMount(_ wish: Wish, _ client: pid_t) throws(Failure) {
        for _ in 0..<Limits.mountPolls {
            var status = statfs()
            if statfs(wish.folder, &status) == 0, status.f_type == fuseType { return }
            guard waitpid(client, nil, WNOHANG) == 0 else { throw .clientEnded }
            usleep(Limits.mountPollUs)
        }
        throw .notMounted
    }

    /// FUSE_SUPER_MAGIC of statfs(2).
    private static let fuseType = 0x6573_5546

    /// The newest volfile has the empty brick, which does not run yet; in an older one that xlator
    /// is the brick that was replaced.
    private static func checkTopology(_ wish: Wish) throws(Failure) {
        let found =
            "\(value("options/remote-host", of: wish.client, wish)):"
            + value("options/remote-subvolume", of: wish.client, wish)
        guard found == "\(wish.host):\(wish.brick)" else { throw .oldTopology(found: found) }
    }

    /// As many as come soon; one has to.
    private static func waitForSources(_ wish: Wish) throws(Failure) {
        var count = 0
        for _ in 0..<Limits.sourcePolls {
            count = wish.sources.count { source in
                value("private", of: source, wish).contains("connected = 1")
            }
            if count == wish.sources.count { return }
            usleep(Limits.mountPollUs)
        }
        guard count > 0 else { throw .noSource }
    }

    /// What the meta xlator shows of another; empty where it shows nothing.
    private static func value(_ name: String, of xlator: String, _ wish: Wish) -> String {
        let bytes = ProcFile.contents(of: "\(wish.folder)/.meta/graphs/active/\(xlator)/\(name)")
        return String(decoding: bytes ?? [], as: UTF8.self)
            .split(whereSeparator: \.isNewline).joined(separator: "\n")
    }

    private static func end(_ client: pid_t) {
        kill(client, SIGTERM)
        for _ in 0..<Limits.clientEndPolls {
            if waitpid(client, nil, WNOHANG) != 0 { return }
            usleep(Limits.mountPollUs)
        }
        kill(client, SIGKILL)
        waitpid(client, nil, 0)
    }
}
