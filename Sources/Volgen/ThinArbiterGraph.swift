import GlusterModel
import Volfile

extension GraphBuilder {
    /// The graph of GlusterFS's `thin-arbiter.vol`, with the volume's credentials.
    mutating func addThinArbiter(_ brick: Brick) {
        let path = brick.path.description
        var posix = Xlator("\(name)-posix", "storage/posix")
        posix["directory"] = path
        posix["volume-id"] = volume.id.description
        add(posix)
        addPlain("features/thin-arbiter")
        addPlain("features/locks") { $0["notify-contention"] = "yes" }
        addPlain("features/upcall") { $0["cache-invalidation"] = "off" }
        addPlain("performance/io-threads")
        addPlain("features/index") {
            $0["xattrop-pending-watchlist"] = "trusted.afr.ta-"
            $0["xattrop-dirty-watchlist"] = "trusted.afr.dirty"
            $0["index-base"] = path + "/.glusterfs/indices"
        }
        addPlain("debug/io-stats", named: path) {
            $0["unique-id"] = path
            $0["latency-measurement"] = "off"
            $0["count-fop-hits"] = "off"
        }
        addServer(brick)
    }

    /// Without the option map: what is set is for bricks.
    private mutating func addPlain(
        _ type: String, named name: String? = nil, _ build: (inout Xlator) -> Void = { _ in }
    ) {
        let tail = String(type.split(separator: "/").last ?? "")
        var xlator = Xlator(
            name ?? "\(self.name)-\(tail)", type, subvolumes: xlators.last.map { [$0.name] } ?? [])
        build(&xlator)
        add(xlator)
    }
}
