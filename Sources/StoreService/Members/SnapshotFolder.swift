import EtcdAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import Glibc
import GlusterModel
import NIOPosix
import StoreAPI

/// Snapshots of the store on this node's disk: `snapshots/<epoch>-<revision>-<seconds>.db`.
struct SnapshotFolder: Sendable {
    let path: String

    init(stateDirectory: String) { path = stateDirectory + "/snapshots" }

    /// Takes one from this node's own etcd and verifies what was written. An etcd that is just
    /// started anew, as when other members come, is waited for.
    func save(from etcd: EtcdConnection, epoch: Epoch) async throws -> StoreSnapshot {
        let end = ContinuousClock.now + Limits.etcdBack
        while true {
            do { return try await saveOnce(from: etcd, epoch: epoch) } catch let error as RPCError {
                guard error.code == .unavailable, .now < end else { throw error }
                try await Task.sleep(for: Limits.etcdBackPoll)
            }
        }
    }

    private func saveOnce(from etcd: EtcdConnection, epoch: Epoch) async throws -> StoreSnapshot {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var options = EtcdConnection.options
        options.timeout = .seconds(50)
        let status = try await etcd.maintenance.status(.init(), options: EtcdConnection.options)
        let revision = status.header.revision
        let now = Int64(Date().timeIntervalSince1970)
        let name = "\(epoch)-\(revision)-\(now).db"
        let unfinished = path + "/unfinished"
        try await write(etcd, to: unfinished, options: options)
        let file = try await NIOThreadPool.singleton.runIfActive {
            SnapshotFile(reading: unfinished)
        }
        guard let file, file.problem == nil, let made = Self.describe(file, path, name) else {
            unlink(unfinished)
            throw GD2Error(
                .internal,
                "the snapshot that etcd sent is damaged: \(file?.problem ?? "it cannot be read")")
        }
        guard rename(unfinished, made.path) == 0 else {
            throw GD2Error(.internal, "\(made.path): \(String(cString: strerror(errno)))")
        }
        dropOld()
        return made
    }

    private func write(
        _ etcd: EtcdConnection, to file: String, options: CallOptions
    ) async throws {
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw GD2Error(.internal, "\(file): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        try await etcd.maintenance.snapshot(.init(), options: options) { response in
            for try await part in response.messages {
                try Self.append(Array(part.blob), to: descriptor, file)
            }
        }
        guard fsync(descriptor) == 0 else {
            throw GD2Error(.internal, "\(file): \(String(cString: strerror(errno)))")
        }
    }

    private static func append(
        _ bytes: [UInt8], to descriptor: Int32, _ file: String
    ) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 else {
                throw GD2Error(.internal, "\(file): \(String(cString: strerror(errno)))")
            }
            written += count
        }
    }

    /// Newest first; each is read whole and checked.
    func all() async throws -> [StoreSnapshot] {
        try await NIOThreadPool.singleton.runIfActive { names.compactMap(describe) }
    }

    /// By its name or path.
    func find(_ text: String) async throws -> StoreSnapshot? {
        let name = text.hasPrefix(path + "/") ? String(text.dropFirst(path.count + 1)) : text
        guard !name.contains("/") else { return nil }
        return try await NIOThreadPool.singleton.runIfActive { describe(name) }
    }

    /// When the newest was taken, in seconds since 1970.
    var newest: Int64? { names.first.flatMap { Self.parts(of: $0)?.created } }

    private var names: [String] {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return found.filter { Self.parts(of: $0) != nil }.sorted {
            (Self.parts(of: $0)?.created ?? 0, $0) > (Self.parts(of: $1)?.created ?? 0, $1)
        }
    }

    private func describe(_ name: String) -> StoreSnapshot? {
        SnapshotFile(reading: path + "/" + name).flatMap { Self.describe($0, path, name) }
    }

    private static func describe(
        _ file: SnapshotFile, _ folder: String, _ name: String
    ) -> StoreSnapshot? {
        guard let parts = parts(of: name) else { return nil }
        return StoreSnapshot(
            name: name, path: folder + "/" + name, created: parts.created, bytes: file.bytes,
            revision: parts.revision, digest: file.digest, isDamaged: file.problem != nil,
            message: file.problem ?? "etcd's checksum agrees")
    }

    private static func parts(of name: String) -> (revision: Int64, created: Int64)? {
        guard name.hasSuffix(".db") else { return nil }
        let numbers = name.dropLast(3).split(separator: "-").map { Int64($0) }
        guard numbers.count == 3, numbers[0] != nil, let revision = numbers[1],
            let created = numbers[2]
        else { return nil }
        return (revision, created)
    }

    private func dropOld() {
        for name in names.dropFirst(Limits.snapshotsKept) { unlink(path + "/" + name) }
    }
}
