import Volfile

extension GraphBuilder {
    /// The graph of the self-heal daemon for this volume.
    mutating func addSelfHeal() throws(VolgenError) {
        try addProtocolClients(Connection(hasCredentials: true, sendsGroups: false))
        var top = Xlator(name, "debug/io-stats", subvolumes: try addClusters(forSelfHeal: true))
        applyLogging("client", to: &top)
        add(top)
    }
}
