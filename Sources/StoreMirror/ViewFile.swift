import Crypto
import FoundationEssentials
import Glibc
import GlusterModel
import StoreAPI

/// Why a file of a last view was not used.
enum ViewFileError: Error, CustomStringConvertible {
    case damaged(String)
    case io(call: String, errno: Int32)

    var description: String {
        switch self {
        case .damaged(let why): "damaged: \(why)"
        case .io(let call, let code): "\(call): \(String(cString: strerror(code)))"
        }
    }
}

/// The file of a mirror's last complete view: a line with the format and the SHA-256 of the rest,
/// then JSON. It is replaced whole, so a crash leaves the old one or the new one.
struct ViewFile: Sendable {
    let path: String
    /// A file of other prefixes lacks keys: what it has is used, and listed anew.
    let prefixes: @Sendable (StoreKeys) -> [String]
    private static let format = "gd2-view-1"

    private struct Contents: Codable {
        var identity: StoreIdentity
        var revision: Int64
        var prefixes: [String]
        var values: [Entry]
    }

    private struct Entry: Codable {
        var key: String
        var value: Data
        var created: Int64
        var modified: Int64
    }

    func load() throws -> MirrorView? {
        guard let data = try contents() else { return nil }
        guard let end = data.firstIndex(of: UInt8(ascii: "\n")) else {
            throw ViewFileError.damaged("no first line")
        }
        let body = data[data.index(after: end)...]
        let header = String(decoding: data[..<end], as: UTF8.self)
        guard header == Self.header(of: body) else {
            throw ViewFileError.damaged("its checksum is not \(header)")
        }
        let contents = try JSONDecoder().decode(Contents.self, from: Data(body))
        let values = contents.values.map { entry in
            KeyValue(
                key: entry.key, value: Array(entry.value), createRevision: entry.created,
                modRevision: entry.modified)
        }
        let isWhole = contents.prefixes == prefixes(contents.identity.keys)
        return MirrorView(
            identity: contents.identity, revision: isWhole ? contents.revision : 0,
            values: Dictionary(values.map { ($0.key, $0) }) { _, last in last })
    }

    /// nil: there is no file. FileManager says the same of one that may not be read.
    private func contents() throws -> Data? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ViewFileError.io(call: "open", errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ViewFileError.io(call: "fstat", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ViewFileError.damaged("no file") }
        guard status.st_size <= Limits.fileBytes else {
            throw ViewFileError.damaged("longer than \(Limits.fileBytes) bytes")
        }
        var data = Data(count: Int(status.st_size))
        var filled = 0
        while filled < data.count {
            let count = data.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress?.advanced(by: filled), bytes.count - filled)
            }
            guard count >= 0 else { throw ViewFileError.io(call: "read", errno: errno) }
            guard count > 0 else { break }
            filled += count
        }
        return data.prefix(filled)
    }

    func save(_ view: MirrorView) throws {
        guard let identity = view.identity else { return }
        let entries = view.values.values.sorted { $0.key < $1.key }.map { value in
            Entry(
                key: value.key, value: Data(value.value), created: value.createRevision,
                modified: value.modRevision)
        }
        let body = try JSONEncoder().encode(
            Contents(
                identity: identity, revision: view.revision, prefixes: prefixes(identity.keys),
                values: entries))
        try replace(with: Data("\(Self.header(of: body))\n".utf8) + body)
    }

    private static func header(of body: Data) -> String {
        let digest = SHA256.hash(data: body).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "\(format) \(digest.joined())"
    }

    private func replace(with data: Data) throws {
        let temporary = path + ".new"
        var isReplaced = false
        // Half a file on a full disk would only take room.
        defer { if !isReplaced { unlink(temporary) } }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ViewFileError.io(call: "open", errno: errno) }
        defer { close(descriptor) }
        try Array(data).withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(
                    descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                guard count > 0 else { throw ViewFileError.io(call: "write", errno: errno) }
                written += count
            }
        }
        guard fsync(descriptor) == 0 else { throw ViewFileError.io(call: "fsync", errno: errno) }
        guard rename(temporary, path) == 0 else {
            throw ViewFileError.io(call: "rename", errno: errno)
        }
        isReplaced = true
    }
}
