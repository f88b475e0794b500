/// The names that an xlator goes by.
enum XlatorNames {
    /// By the type that the option map has: other types of the same library, and its file's name.
    private static let others = [
        "cluster/replicate": ["cluster/afr"], "cluster/distribute": ["cluster/dht"],
        "cluster/disperse": ["cluster/ec"], "features/locks": ["features/posix-locks"],
        "performance/md-cache": ["performance/stat-prefetch"],
        "features/access-control": ["system/posix-acl"],
    ]

    /// What GD2 calls an option: `cluster/replicate.eager-lock`, `replicate.eager-lock`,
    /// `afr.eager-lock`; and what turns an xlator on: `performance/quick-read`.
    static func spellings(of entry: OptionEntry) -> [String] {
        let types = [entry.xlator] + (others[entry.xlator] ?? [])
        let names = types.flatMap { type in
            [type] + [type.split(separator: "/").last.map(String.init) ?? type]
        }
        if let option = entry.option { return names.map { "\($0).\(option)" } }
        // The switch of an xlator is an option named as the xlator.
        guard entry.xlator.hasPrefix("performance/") else { return [] }
        let tail = entry.xlator.dropFirst("performance/".count)
        return types.map { $0 } + names.map { "\($0).\(tail)" }
    }
}
