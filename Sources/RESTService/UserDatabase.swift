import Glibc

/// Users and groups of this host (getpwuid_r(3), getgrnam_r(3)).
enum UserDatabase {
    struct Group: Sendable {
        var id: UInt32
        var members: Set<String>
    }

    /// Bytes for one entry; a group of thousands of members needs many.
    private static let entryBytes = 1 << 20

    static func group(named name: String) -> Group? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: entryBytes) { buffer -> Group? in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            guard let base = buffer.baseAddress,
                getgrnam_r(name, &entry, base, buffer.count, &found) == 0,
                found != nil
            else { return nil }
            var members: Set<String> = []
            var next = entry.gr_mem
            while let current = next, let member = current.pointee {
                members.insert(String(cString: member))
                next = current.successor()
            }
            return Group(id: entry.gr_gid, members: members)
        }
    }

    static func userName(_ id: UInt32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: entryBytes) { buffer -> String? in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let base = buffer.baseAddress,
                getpwuid_r(id, &entry, base, buffer.count, &found) == 0,
                found != nil, let name = entry.pw_name
            else { return nil }
            return String(cString: name)
        }
    }
}
