import Crypto
import DurableFile
import FoundationEssentials
import Glibc
import GlusterModel
import Hexadecimal
import StoreAPI

/// Why a file of a last view was not used.
enum ViewFileError: Error, CustomStringConvertible {
    case damaged(String)

    var description: String {
        switch self {
        case .damaged(let why): "damaged: \(why)"
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
        guard let bytes = try DurableFile.read(path, atMost: Limits.fileBytes) else { return nil }
        let data = Data(bytes)
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
            values: MirroredValues(values))
    }

    func save(_ view: MirrorView) throws {
        guard let identity = view.identity else { return }
        let entries = view.values.all.sorted { $0.key < $1.key }.map { value in
            Entry(
                key: value.key, value: Data(value.value), created: value.createRevision,
                modified: value.modRevision)
        }
        let body = try JSONEncoder().encode(
            Contents(
                identity: identity, revision: view.revision, prefixes: prefixes(identity.keys),
                values: entries))
        try DurableFile.replace(path, with: Array("\(Self.header(of: body))\n".utf8) + body)
    }

    private static func header(of body: Data) -> String {
        "\(format) \(SHA256.hash(data: body).hexadecimal)"
    }
}
