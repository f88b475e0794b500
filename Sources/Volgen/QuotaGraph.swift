import GlusterModel
import Volfile

extension Volgen {
    /// quotad adds up what directories use on all bricks of their volumes.
    static func quotad(_ graphs: [GraphBuilder]) throws(VolgenError) -> Volfile {
        var graphs = graphs
        for index in graphs.indices { try graphs[index].addQuotaVolume() }
        var top = Xlator("quotad", "features/quotad", subvolumes: graphs.map(\.name))
        for graph in graphs { top["\(graph.name).volume-id"] = graph.name }
        return joined(graphs, under: top)
    }
}

extension GraphBuilder {
    /// quotad finds a volume by the name of its topmost xlator.
    fileprivate mutating func addQuotaVolume() throws(VolgenError) {
        try addProtocolClients(Connection(hasCredentials: true, sendsGroups: false))
        let children = addReadAheadOfDirectories(over: try addClusters(), sharesLimit: false)
        addDistribute(over: children, named: name)
    }

    /// The graph of the crawl that marks one brick's files for quota.
    mutating func addQuotaCrawl(of brick: Brick) throws(VolgenError) {
        let connection = Connection(hasCredentials: true, sendsGroups: false, hasMap: false)
        add(try protocolClient(to: brick, connection))
    }
}
