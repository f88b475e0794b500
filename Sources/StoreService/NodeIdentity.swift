import DurableFile
import FoundationEssentials
import Glibc
import GlusterModel
import StoreAPI
import Synchronization

/// Who this node is: made once, kept in `identity.json`.
struct NodeIdentity: Codable, Hashable {
    var schema = 1
    var cluster: ClusterID
    var peer: PeerID
    /// The newest epoch that this node has seen.
    var epoch: Epoch
    /// Whether it joined this cluster; nil or false: it founded it.
    var joined: Bool?
    /// The epoch that a recovery of this node's began, until the store has it.
    var recovering: Epoch?
    /// etcd's id (hexadecimal) of the external etcd that has this cluster; nil: it is in etcds of
    /// gd2's own, or nowhere yet.
    var externalEtcd: String?
    /// Whether the store has had this cluster, so that one without it is none.
    var hasStore: Bool?
    /// The cluster that it was in before, whose keys it has no use for any more.
    var left: ClusterID?

    var hasJoined: Bool { joined == true }

    /// Whether a store that has nothing of the cluster has lost it, or is another.
    var expectsStore: Bool { hasStore == true || hasJoined }

    var store: StoreIdentity { StoreIdentity(cluster: cluster, peer: peer, epoch: epoch) }

    /// Reads it, or makes it at the first start. A file that cannot be read, or is gone where it
    /// was, is an error: a new identity would orphan the node's bricks.
    static func prepare(directory: String) throws -> NodeIdentity {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        if let identity = try load(directory) { return identity }
        if let trace = trace(in: directory) {
            throw StoreServiceError.lostIdentity(directory, trace: trace)
        }
        var generator = SystemRandomNumberGenerator()
        let identity = NodeIdentity.founding(PeerID(using: &generator))
        try identity.save(directory: directory)
        return identity
    }

    /// Nil: there is none.
    private static func load(_ directory: String) throws -> NodeIdentity? {
        let path = directory + "/identity.json"
        if let data = FileManager.default.contents(atPath: path) {
            do { return try JSONDecoder().decode(NodeIdentity.self, from: data) } catch {
                throw StoreServiceError.badIdentity(path, "\(error)")
            }
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw StoreServiceError.unreadableIdentity(path)
        }
        return nil
    }

    /// What is in the state directory only after there was an identity, which is written first;
    /// nil: nothing. A disk for the data, or snapshots, may be there before.
    static func trace(in directory: String) -> String? {
        let files = FileManager.default
        let names = { (folder: String) in
            ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        }
        let single = ["member.json", "role.json", "place.json", "voters.json", "view"]
        let clusters = names(directory + "/pki").filter { ClusterID($0) != nil }
        let data = names(directory).filter {
            $0 == "etcd" || $0.hasPrefix("etcd-") || $0 == "aside"
        }
        let traces = single + clusters.map { "pki/" + $0 } + data.map { $0 + "/member" }
        return traces.map { directory + "/" + $0 }.first { files.fileExists(atPath: $0) }
    }

    /// `peer` in a new cluster of its own.
    static func founding(_ peer: PeerID) -> NodeIdentity {
        var generator = SystemRandomNumberGenerator()
        return NodeIdentity(
            cluster: ClusterID(using: &generator), peer: peer, epoch: Epoch(1))
    }

    /// The epoch of a store whose record says `stored`; nil when it is one of the past, or has lost
    /// the cluster. A new one has no record yet, and in one that was restored here it is the old
    /// one until this node has written the new; what other nodes lead to may be the old store
    /// itself.
    func epoch(ofStoreSaying stored: Epoch?, isDirect: Bool) -> Epoch? {
        guard let stored else { return expectsStore ? nil : epoch }
        guard !isDirect || recovering == nil else { return epoch }
        return stored >= epoch ? stored : nil
    }

    /// Why a store that answers is not used: it has nothing of the cluster.
    var emptied: String {
        "the store that answers has nothing of cluster \(cluster), which was in it: its data is "
            + "gone, or is another's. Nothing is read from it nor begun there anew. Put the data "
            + "of gd2-etcd back, or go back to a snapshot (glustercli cluster snapshot list, "
            + "glustercli cluster snapshot restore NAME)"
    }

    /// Held by who replaces the file.
    private static let saving = Mutex<Void>(())

    func save(directory: String) throws {
        try Self.saving.withLock { _ in try write(directory) }
    }

    /// Adds ``hasStore`` to the file, unless the node is in another cluster by now.
    func saveHasStore(directory: String) throws {
        try Self.saving.withLock { _ in
            guard var saved = try Self.load(directory), saved.cluster == cluster,
                saved.hasStore != true
            else { return }
            saved.hasStore = true
            try saved.write(directory)
        }
    }

    private func write(_ directory: String) throws {
        try DurableFile.replace(directory + "/identity.json", with: RecordCoding.encode(self))
    }
}

enum StoreServiceError: Error, Equatable, CustomStringConvertible {
    case badIdentity(String, String)
    case unreadableIdentity(String)
    case lostIdentity(String, trace: String)
    case notPrepared
    case discarded
    case otherData
    case noAuthority
    case otherTrust
    case oldAuthority(PeerID)
    case holderChanged(PeerID)

    var description: String {
        switch self {
        case .badIdentity(let path, let why):
            "\(path) is damaged (\(why)): restore it from a backup; a node without its identity "
                + "loses its bricks"
        case .lostIdentity(let folder, let trace):
            "\(folder)/identity.json is missing, and \(trace) says that there was one: put it back "
                + "from a backup; a new identity would orphan the bricks. To begin anew, as a node "
                + "that has never been in a cluster, stop gd2-store and gd2-etcd, remove all that "
                + "is in \(folder), and start them"
        case .noAuthority: "this node has no key to sign certificates of members with"
        case .otherTrust: "this node's files trust other authorities than were named"
        case .holderChanged(let peer):
            "which keys peer \(peer) has was just written by another node, or it was removed: it "
                + "is tried again"
        case .oldAuthority(let voter):
            "peer \(voter) still signs with the old authority: see glustercli cluster authority "
                + "show"
        case .otherData:
            "that member has run, and this node does not have its data: it is tried again, or gets "
                + "a new one"
        case .discarded: "this node has given up the data of that member: a new one is needed"
        case .notPrepared: "no member was prepared here: prepare it first"
        case .unreadableIdentity(let path):
            "\(path) is there, but cannot be read by this user: give it back its owner and mode "
                + "(chown gd2-store, chmod 600)"
        }
    }
}
