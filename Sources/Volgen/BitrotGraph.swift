import GlusterModel
import Volfile

extension Volgen {
    /// bitd signs the files of this node's bricks, the scrubber compares them with that.
    static func bitrot(
        _ graphs: [GraphBuilder], isScrub: Bool, _ node: PeerID
    ) throws(VolgenError) -> Volfile {
        var graphs = graphs.filter { !$0.volume.bricks(of: node).isEmpty }
        let bricksCount = graphs.reduce(0) { $0 + $1.volume.bricks(of: node).count }
        for index in graphs.indices {
            try graphs[index].addBitrot(of: node, isScrub: isScrub, bricksCount: bricksCount)
        }
        var top = Xlator(
            isScrub ? "scrub" : "bitd", "debug/io-stats",
            subvolumes: graphs.compactMap(\.xlators.last?.name))
        graphs.first?.applyLogging("client", to: &top)
        return joined(graphs, under: top)
    }
}

extension GraphBuilder {
    /// `bricksCount` is that of all volumes.
    fileprivate mutating func addBitrot(
        of node: PeerID, isScrub: Bool, bricksCount: Int
    ) throws(VolgenError) {
        let connection = Connection(hasCredentials: true, sendsGroups: false, hasMap: false)
        for brick in volume.bricks(of: node) { add(try protocolClient(to: brick, connection)) }
        var bitrot = Xlator(
            "\(name)-bit-rot-0", "features/bit-rot", subvolumes: xlators.map(\.name))
        if isScrub {
            bitrot["scrubber"] = "true"
            bitrot["scrub-throttle"] = value("features.scrub-throttle")
            bitrot["scrub-freq"] = value("features.scrub-freq")
            if set("features.scrub") == "pause" { bitrot["scrub-state"] = "pause" }
        } else {
            bitrot["brick-count"] = String(bricksCount)
            bitrot["expiry-time"] = value("features.expiry-time")
            bitrot["signer-threads"] = value("features.signer-threads")
        }
        add(bitrot)
    }
}
