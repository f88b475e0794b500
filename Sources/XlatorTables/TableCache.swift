import Crypto
import DurableFile
import FoundationEssentials
import Glibc
import Hexadecimal

/// Why a cache was not used or not written.
public enum TableCacheError: Error, CustomStringConvertible {
    case damaged(String)

    public var description: String {
        switch self {
        case .damaged(let why): "damaged: \(why)"
        }
    }
}

/// The file of the table that was read last: a line with the format and the SHA-256 of the rest, a
/// line that says of which files it is, then the table. It is replaced whole.
public struct TableCache: Sendable {
    public let path: String
    private static let format = "gd2-xlators-1"

    public init(path: String) { self.path = path }

    /// nil where there is none, or one of other files.
    public func load(for stamp: XlatorFolder.Stamp) throws -> XlatorTable? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_size <= 2 * Limits.tableBytes,
            let data = FileManager.default.contents(atPath: path)
        else { throw TableCacheError.damaged("it is too long, or not readable") }
        let lines = data.split(separator: UInt8(ascii: "\n"), maxSplits: 2)
        guard lines.count == 3 else { throw TableCacheError.damaged("it is cut short") }
        let body = data[lines[1].startIndex...]
        guard String(decoding: lines[0], as: UTF8.self) == Self.header(of: body) else {
            throw TableCacheError.damaged("its checksum is wrong")
        }
        let known = try JSONDecoder().decode(XlatorFolder.Stamp.self, from: Data(lines[1]))
        guard known == stamp else { return nil }
        return try XlatorTable(parsing: Array(lines[2]))
    }

    public func save(_ table: XlatorTable, for stamp: XlatorFolder.Stamp) throws {
        var body = try JSONEncoder().encode(stamp)
        body.append(UInt8(ascii: "\n"))
        body.append(contentsOf: try table.bytes())
        try DurableFile.replace(path, with: Array("\(Self.header(of: body))\n".utf8) + body)
    }

    private static func header(of body: Data) -> String {
        "\(format) \(SHA256.hash(data: body).hexadecimal)"
    }
}
