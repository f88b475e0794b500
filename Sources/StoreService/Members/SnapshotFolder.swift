import Crypto
import EtcdAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import Glibc
import GlusterModel
import Logging
import StoreAPI

/// Snapshots of the store on this node's disk: `snapshots/<epoch>-<revision>-<seconds>.db`, etcd's
/// own format, which ends with the SHA-256 of what is before it.
struct SnapshotFolder: Sendable {
    let path: String
    private static let digestBytes = 32

    init(stateDirectory: String) { path = stateDirectory + "/snapshots" }

    /// Takes one from this node's own etcd and verifies what was written.
    func save(from etcd: EtcdConnection, epoch: Epoch) async throws -> StoreSnapshot {
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
        if let problem = Self.problem(of: unfinished) {
            unlink(unfinished)
            throw GD2Error(.internal, "the snapshot that etcd sent is damaged: \(problem)")
        }
        guard rename(unfinished, path + "/" + name) == 0 else {
            throw GD2Error(.internal, "\(path)/\(name): \(String(cString: strerror(errno)))")
        }
        try dropOld()
        guard let made = describe(name) else {
            throw GD2Error(.internal, "\(path)/\(name) is gone again")
        }
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
    var all: [StoreSnapshot] { names.compactMap(describe) }

    /// By its name or path.
    func find(_ text: String) -> StoreSnapshot? {
        let name = text.hasPrefix(path + "/") ? String(text.dropFirst(path.count + 1)) : text
        return name.contains("/") ? nil : describe(name)
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
        let file = path + "/" + name
        guard let parts = Self.parts(of: name),
            let data = FileManager.default.contents(atPath: file)
        else { return nil }
        let problem = Self.problem(of: data)
        let digest = SHA256.hash(data: data).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return StoreSnapshot(
            name: name, path: file, created: parts.created, bytes: UInt64(data.count),
            revision: parts.revision, digest: digest, isDamaged: problem != nil,
            message: problem ?? "etcd's checksum agrees")
    }

    private static func parts(of name: String) -> (revision: Int64, created: Int64)? {
        guard name.hasSuffix(".db") else { return nil }
        let numbers = name.dropLast(3).split(separator: "-").map { Int64($0) }
        guard numbers.count == 3, numbers[0] != nil, let revision = numbers[1],
            let created = numbers[2]
        else { return nil }
        return (revision, created)
    }

    private static func problem(of file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file) else {
            return "it cannot be read"
        }
        return problem(of: data)
    }

    private static func problem(of data: Data) -> String? {
        guard data.count > digestBytes, data.count % 512 == digestBytes else {
            return "it has \(data.count) bytes, which no snapshot has"
        }
        let digest = Array(SHA256.hash(data: data.dropLast(digestBytes)))
        return digest == Array(data.suffix(digestBytes)) ? nil : "etcd's checksum does not agree"
    }

    private func dropOld() throws {
        for name in names.dropFirst(Limits.snapshotsKept) { unlink(path + "/" + name) }
    }
}
