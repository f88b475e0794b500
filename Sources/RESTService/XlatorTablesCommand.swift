import Glibc
import XlatorTables

/// `gd2-rest xlator-tables`: what gd2-rest runs as its helper, and an operator by hand.
public enum XlatorTablesCommand {
    /// Why it printed no table.
    public enum Failure: Error, CustomStringConvertible {
        case notFound(String)
        case notWritten(errno: Int32)

        public var description: String {
            switch self {
            case .notFound(let place): "no xlators were found \(place)"
            case .notWritten(let code): "standard output: \(String(cString: strerror(code)))"
            }
        }
    }

    public static func run(folder: String?) throws {
        let place = folder.map { "in \($0)" } ?? "in \(XlatorFolder.standardRoots)"
        guard let found = folder.map({ XlatorFolder(path: $0) }) ?? .installed(),
            found.stamp() != nil
        else { throw Failure.notFound(place) }
        var rest = (try FolderReader.read(found).bytes() + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure.notWritten(errno: errno) }
            rest = rest.dropFirst(count)
        }
    }
}
