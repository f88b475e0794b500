extension OptionTable {
    /// This table with type, bounds, allowed values, default and description of each option from
    /// the installed xlators. Keys, flags, op-versions and the defaults that are always written are
    /// glusterd's own and stay; so do an entry that no installed xlator has and a description where
    /// the xlator has none.
    public func merging(_ installed: InstalledOptions) -> OptionTable {
        OptionTable(
            entries: entries.map { entry in
                guard let option = installed.option(entry.xlatorOption, of: entry.xlator) else {
                    return entry
                }
                var entry = entry
                entry.kind = option.kind
                entry.xlatorDefault = option.defaultValue
                entry.description = option.description ?? entry.description
                switch option.level {
                case .experimental: entry.level = "Experimental"
                case .deprecated: entry.level = "Deprecated"
                case .basic, .advanced: break
                }
                return entry
            })
    }
}
