import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of a mount (or of gfapi): protocol clients at the bottom, io-stats on top.
    mutating func addClient(isTrusted: Bool) throws(VolgenError) {
        let connection = Connection(hasCredentials: isTrusted, sendsGroups: true)
        addDistribute(over: try addSubvolumes(over: connection, sharesReadAhead: true))
        addClientFeatures()
        addPerformance()
        addClientTop(connection)
    }

    /// DHT, over a single child too.
    mutating func addDistribute(over children: [String], named dht: String? = nil) {
        let type =
            isOn("cluster.nufa")
            ? "cluster/nufa" : isOn("cluster.switch") ? "cluster/switch" : "cluster/distribute"
        var xlator = Xlator(dht ?? "\(name)-dht", type, subvolumes: children)
        let leaving = zip(children, volume.topology.subvolumes).filter { _, bricks in
            bricks.contains { context.decommissioned.contains($0.index) }
        }
        if !leaving.isEmpty {
            xlator["decommissioned-bricks"] = leaving.map(\.0).joined(separator: ",")
        }
        applyMap(to: &xlator)
        add(xlator)
    }

    /// What stands between DHT (or gfproxyd's connection) and the caches.
    mutating func addClientFeatures() {
        if isOn("features.cloudsync") { stack("features/cloudsync") }
        if isOn("features.shard") { stack("features/shard") }
        if isOn("features.ctime") { stack("features/utime") }
        if context.snapshot != nil {
            stack("features/read-only") { xlator, _ in xlator["read-only"] = "on" }
        }
        addCompression(mode: "client")
    }

    /// Bricks and clients speak compressed, or neither does.
    mutating func addCompression(mode: String) {
        guard isOn("network.compression") else { return }
        stack("features/cdc") { xlator, _ in xlator["mode"] = mode }
    }

    /// Those that are on of the performance xlators that `isWanted` takes.
    mutating func addPerformance(where isWanted: (String) -> Bool = { _ in true }) {
        let parallel = isOn("performance.parallel-readdir")
        let layers: [(key: String, type: String)] = [
            ("performance.write-behind", "write-behind"), ("performance.read-ahead", "read-ahead"),
            ("performance.readdir-ahead", "readdir-ahead"), ("performance.io-cache", "io-cache"),
            ("performance.open-behind", "open-behind"), ("performance.quick-read", "quick-read"),
            ("performance.nl-cache", "nl-cache"), ("performance.stat-prefetch", "md-cache"),
            ("performance.client-io-threads", "io-threads"),
        ]
        for layer in layers where isOn(layer.key) && isWanted(layer.type) {
            if layer.type == "readdir-ahead", parallel { continue }
            stack("performance/\(layer.type)")
        }
    }

    /// Snapshots, debug xlators and io-stats, which is named as the volume unless said otherwise.
    mutating func addClientTop(_ connection: Connection, named top: String? = nil) {
        addSnapshotView(connection)
        addDebug(at: "client")
        stack(named: top ?? name, "debug/io-stats") { $1.applyLogging("client", to: &$0) }
    }

    /// Shows the volume's snapshots, which snapd serves, in a directory of their own; a snapshot
    /// has none, though it has the volume's options.
    private mutating func addSnapshotView(_ connection: Connection) {
        guard isOn("features.uss"), context.snapshot == nil, let below = xlators.last?.name
        else { return }
        let snapd = protocolClient(
            "\(name)-snapd-client", to: nil, "snapd-\(name)", connection)
        add(snapd)
        var view = Xlator(
            "\(name)-snapview-client", "features/snapview-client",
            subvolumes: [below, snapd.name])
        applyMap(to: &view)
        add(view)
    }
}
