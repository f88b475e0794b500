import FoundationEssentials
import Glibc

/// Where one GlusterFS has its xlators: `/usr/lib/x86_64-linux-gnu/glusterfs/10.3`.
public struct XlatorFolder: Hashable, Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// Changes with each update of the package.
    public struct Stamp: Hashable, Sendable, Codable {
        public var folder: String
        public var files: Int
        /// Of the newest file, in nanoseconds since 1970.
        public var newest: Int64

        /// Of which GlusterFS it is.
        public var version: String { String(folder.split(separator: "/").last ?? "") }
    }

    /// A file and the names of the xlators that it is.
    struct Library: Hashable {
        var name: String
        var aliases: [String] = []
        var path: String
    }

    /// The newest GlusterFS below the folders where distributions put it; nil when there is none.
    public static func installed(below roots: [String] = standardRoots) -> XlatorFolder? {
        roots.flatMap { root in
            entries(of: root + "/glusterfs").compactMap { version -> (key: [Int], path: String)? in
                let path = "\(root)/glusterfs/\(version)"
                guard isFolder(path + "/xlator") else { return nil }
                return (version.split { !$0.isNumber }.map { Int($0) ?? 0 }, path)
            }
        }.max { $0.key.lexicographicallyPrecedes($1.key) }.map { XlatorFolder(path: $0.path) }
    }

    public static var standardRoots: [String] {
        ["/usr/local/lib", "/usr/lib"].flatMap { base in
            [base, base + "64"]
                + entries(of: base).filter { $0.contains("-linux-") }
                .map { "\(base)/\($0)" }
        }
    }

    /// nil when there is no xlator.
    public func stamp() -> Stamp? {
        var stamp = Stamp(folder: path, files: 0, newest: 0)
        for (_, file) in files() {
            var status = stat()
            guard stat(file, &status) == 0 else { continue }
            let changed =
                Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec)
            stamp.files += 1
            stamp.newest = max(stamp.newest, changed)
        }
        return stamp.files == 0 ? nil : stamp
    }

    /// By name; links to a file are aliases of it.
    func libraries() -> [Library] {
        var byPath: [String: Library] = [:]
        let files = files().map { ($0.name, $0.file, isLink: Self.isLink($0.file)) }
        // What a file is called itself is its name.
        for (name, file, _) in files.filter({ !$0.isLink }) + files.filter(\.isLink) {
            guard let real = Self.realPath(file) else { continue }
            if byPath[real] == nil {
                byPath[real] = Library(name: name, path: real)
            } else {
                byPath[real]?.aliases.append(name)
            }
        }
        return byPath.values.sorted { $0.name < $1.name }
    }

    /// `cluster/afr` and its file, in order of name, no more than the limit.
    private func files() -> [(name: String, file: String)] {
        var found: [(name: String, file: String)] = []
        func add(_ folder: String, _ prefix: String) {
            for entry in Self.entries(of: folder) where entry.hasSuffix(".so") {
                let name = prefix + entry.dropLast(3)
                if XlatorTable.isName(name) { found.append((name, "\(folder)/\(entry)")) }
            }
        }
        add(path + "/xlator", "")
        for category in Self.entries(of: path + "/xlator")
        where Self.isFolder("\(path)/xlator/\(category)") {
            add("\(path)/xlator/\(category)", category + "/")
        }
        add(path + "/rpc-transport", "rpc-transport/")
        return Array(found.sorted { $0.name < $1.name }.prefix(Limits.filesMax))
    }

    private static func entries(of folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
