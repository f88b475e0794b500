import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of gfproxyd: a client's graph that is served to others.
    mutating func addGfproxyServer() throws(VolgenError) {
        let connection = Connection(hasCredentials: true, sendsGroups: true)
        addDistribute(over: try addSubvolumes(over: connection))
        addClientFeatures()
        // Who writes behind must be told of errors: that is the mount's part.
        addPerformance { $0 != "write-behind" }
        let top = "gfproxyd-\(name)"
        addClientTop(connection, named: top)
        stack("protocol/server") { $1.applyServedName(top, to: &$0) }
    }

    /// The graph of a mount that speaks with gfproxyd instead of with the bricks.
    mutating func addGfproxyClient() {
        let connection = Connection(hasCredentials: true, sendsGroups: true)
        add(
            protocolClient(
                "\(name)-gfproxy-client", to: nil, "gfproxyd-\(name)", connection))
        addClientFeatures()
        stack("features/quiesce")
        addPerformance { $0 == "write-behind" }
        addClientTop(connection)
    }

    /// Where clients log in to a daemon that serves one graph.
    func applyServedName(_ served: String, to server: inout Xlator) {
        let credentials = context.credentials
        server["transport-type"] = "tcp"
        server["auth.login.\(served).allow"] = credentials.username
        server["auth.login.\(credentials.username).password"] = credentials.password
        server["auth-path"] = served
    }
}
