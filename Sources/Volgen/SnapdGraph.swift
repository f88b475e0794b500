import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of snapd, which serves the snapshots of this volume. It takes no rows of the
    /// option map.
    mutating func addSnapd() {
        var view = Xlator("\(name)-snapview-server", "features/snapview-server")
        view["volname"] = name
        add(view)
        let threads = Xlator(
            "\(name)-io-threads", "performance/io-threads", subvolumes: [view.name])
        add(threads)
        var top = Xlator("snapd-\(name)", "debug/io-stats", subvolumes: [threads.name])
        applyLogging("brick", to: &top)
        add(top)
        var server = Xlator("\(name)-server", "protocol/server", subvolumes: [top.name])
        server["transport-type"] = "tcp"
        if isOn("server.ssl") { server["transport.socket.ssl-enabled"] = "true" }
        applyTLS(to: &server)
        applyServedName(top.name, to: &server)
        server["auth.addr.\(top.name).allow"] = value("auth.allow") ?? "*"
        server["auth.addr.\(top.name).reject"] = set("auth.reject")
        add(server)
    }
}
