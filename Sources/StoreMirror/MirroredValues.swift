import HashTreeCollections
public import StoreAPI

/// Keys and their values, kept by folder (`/gluster/<cluster>/<folder>/`): who wants one folder
/// does not look at the others. Views share what is the same in them, so that a change copies the
/// way to its key and not the folder.
public struct MirroredValues: Sendable {
    private var folders: [String: TreeDictionary<String, KeyValue>] = [:]
    public private(set) var count = 0

    public init() {}

    public init(_ values: some Sequence<KeyValue>) {
        for value in values { self[value.key] = value }
    }

    public var isEmpty: Bool { count == 0 }

    /// In no order.
    public var all: some Sequence<KeyValue> { folders.values.lazy.flatMap(\.values) }

    public subscript(key: String) -> KeyValue? {
        get { folders[Self.folder(of: key)]?[key] }
        set {
            let folder = Self.folder(of: key)
            let before = folders[folder, default: [:]].count
            folders[folder, default: [:]][key] = newValue
            let after = folders[folder]?.count ?? 0
            if after == 0 { folders[folder] = nil }
            count += after - before
        }
    }

    /// Those whose keys begin with `prefix`, in no order.
    public func below(_ prefix: String) -> [KeyValue] {
        let folder = Self.folder(of: prefix)
        guard Self.isWhole(folder) else {
            return all.filter { $0.key.utf8.starts(with: prefix.utf8) }
        }
        guard let found = folders[folder] else { return [] }
        if folder.utf8.count == prefix.utf8.count { return Array(found.values) }
        return found.values.filter { $0.key.utf8.starts(with: prefix.utf8) }
    }

    private static let slashes = 4

    /// Up to the fourth slash, or the last where there are fewer.
    private static func folder(of key: String) -> String {
        let bytes = key.utf8
        var (seen, end) = (0, bytes.startIndex)
        var index = bytes.startIndex
        while index < bytes.endIndex, seen < slashes {
            let next = bytes.index(after: index)
            if bytes[index] == UInt8(ascii: "/") { (seen, end) = (seen + 1, next) }
            index = next
        }
        return String(key[..<end])
    }

    private static func isWhole(_ folder: String) -> Bool {
        folder.utf8.count { $0 == UInt8(ascii: "/") } == slashes
    }
}
