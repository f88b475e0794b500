import Glibc

/// Folders and what is in them. Links are not followed.
enum FileTree {
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Removes what is there as far as it can be removed.
    static func remove(_ path: String) {
        // Most folders below a brick's .glusterfs are empty.
        if rmdir(path) == 0 || errno == ENOENT { return }
        guard errno != ENOTDIR else {
            unlink(path)
            return
        }
        for name in entries(path) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// nil: it cannot be read.
    static func entries(_ path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
