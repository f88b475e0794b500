import Volfile

extension GraphBuilder {
    /// The graph of the process that moves files to where DHT looks for them: a client's, without
    /// caches.
    mutating func addRebalance() throws(VolgenError) {
        let connection = Connection(hasCredentials: true, sendsGroups: false)
        addDistribute(over: try addSubvolumes(over: connection))
        stack(named: name, "debug/io-stats") { $1.applyLogging("client", to: &$0) }
    }
}
