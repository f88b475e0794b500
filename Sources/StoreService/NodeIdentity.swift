import DurableFile
import FoundationEssentials
import Glibc
import GlusterModel
import StoreAPI

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
    /// The cluster that it was in before, whose keys it has no use for any more.
    var left: ClusterID?

    var hasJoined: Bool { joined == true }

    var store: StoreIdentity { StoreIdentity(cluster: cluster, peer: peer, epoch: epoch) }

    /// Reads it, or makes it at the first start. A file that cannot be read is an error: a new
    /// identity would orphan the node's bricks.
    static func prepare(directory: String) throws -> NodeIdentity {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let path = directory + "/identity.json"
        if let data = FileManager.default.contents(atPath: path) {
            do { return try JSONDecoder().decode(NodeIdentity.self, from: data) } catch {
                throw StoreServiceError.badIdentity(path, "\(error)")
            }
        }
        if FileManager.default.fileExists(atPath: path) {
            throw StoreServiceError.unreadableIdentity(path)
        }
        var generator = SystemRandomNumberGenerator()
        let identity = NodeIdentity.founding(PeerID(using: &generator))
        try identity.save(directory: directory)
        return identity
    }

    /// `peer` in a new cluster of its own.
    static func founding(_ peer: PeerID) -> NodeIdentity {
        var generator = SystemRandomNumberGenerator()
        return NodeIdentity(
            cluster: ClusterID(using: &generator), peer: peer, epoch: Epoch(1))
    }

    /// The epoch of a store whose record says `stored`; nil when it is one of the past. A new one
    /// has no record yet, and in one that was restored here it is the old one until this node has
    /// written the new; what other nodes lead to may be the old store itself.
    func epoch(ofStoreSaying stored: Epoch?, isDirect: Bool) -> Epoch? {
        guard let stored, !isDirect || recovering == nil else { return epoch }
        return stored >= epoch ? stored : nil
    }

    func save(directory: String) throws {
        let path = directory + "/identity.json"
        try DurableFile.replace(path, with: RecordCoding.encode(self))
    }
}

enum StoreServiceError: Error, Equatable, CustomStringConvertible {
    case badIdentity(String, String)
    case unreadableIdentity(String)
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
