import GlusterModel

/// Whether an etcd that answers is the one with this node's cluster. A wrong one would look like a
/// cluster without volumes, and nodes would stop their bricks.
enum Admission: Hashable {
    /// It is the one that it was.
    case admitted
    /// It has the cluster, and is the one from now on.
    case taken
    /// Nothing has the cluster yet: it begins there.
    case founding
    /// Never used; with the reason and the way out.
    case refused(String)

    /// What this node knows.
    struct Node: Hashable {
        var cluster: ClusterID
        var epoch: Epoch
        /// The external etcd that has had the cluster so far, by etcd's id; nil: none.
        var etcd: String?
        /// Whether an etcd of this node's own has data of the cluster.
        var hasOwnData: Bool
        var hasJoined: Bool
        var stateDirectory: String
    }

    /// What the etcd says.
    struct Found: Hashable {
        var etcd: String
        /// Nil: it does not know the cluster.
        var epoch: Epoch?
    }

    static func of(_ found: Found, for node: Node) -> Admission {
        switch (node.etcd, found.epoch) {
        case (found.etcd, nil): .refused(emptied(node))
        case (found.etcd, _?): .admitted
        case (nil, nil) where node.hasOwnData: .refused(notCopied(node))
        case (_, nil) where node.etcd != nil || node.hasJoined: .refused(unknown(found, node))
        case (_, nil): .founding
        // It was founded there a moment ago.
        case (nil, _?) where !node.hasOwnData && !node.hasJoined: .taken
        // Somebody has moved the cluster there, and says so by the epoch.
        case (_, let epoch?) where epoch > node.epoch: .taken
        case (_, _?): .refused(another(found, node))
        }
    }

    private static func emptied(_ node: Node) -> String {
        "it has lost cluster \(node.cluster): restore it from its administrator's backup "
            + "(docs/cluster.md, \"External etcd\")"
    }

    private static func notCopied(_ node: Node) -> String {
        "this node's own etcd has cluster \(node.cluster), and the external one has not: copy it "
            + "there first (docs/cluster.md, \"External etcd\"); or, where nothing of it is to be "
            + "kept, stop gd2-store and gd2-etcd, remove all that is in \(node.stateDirectory) and "
            + "start them"
    }

    private static func unknown(_ found: Found, _ node: Node) -> String {
        "it is another etcd (id \(found.etcd)), which does not have this node's cluster "
            + "\(node.cluster)\(node.etcd.map { " as etcd \($0) has" } ?? ""): set etcd-endpoints "
            + "to the one that has"
    }

    private static func another(_ found: Found, _ node: Node) -> String {
        let from = node.etcd.map { "etcd \($0)" } ?? "an etcd of gd2's own"
        let next = Epoch(node.epoch.number + 1)
        return "the cluster was in \(from) so far, and this is etcd \(found.etcd): when it was "
            + "moved there with all that it had (docs/cluster.md, \"External etcd\"), say so by a "
            + "new epoch: etcdctl put /gluster/\(node.cluster)/cluster/epoch "
            + "'{\"schema\":1,\"epoch\":\(next)}'"
    }
}
