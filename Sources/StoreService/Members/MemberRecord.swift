import DurableFile
import FoundationEssentials
import GlusterModel
import StoreAPI

/// Which member of the Raft engine this node runs: `member.json`, written before the role file.
struct MemberRecord: Codable, Hashable {
    var schema = 1
    var cluster: ClusterID
    /// etcd's id of the member; nil: this node runs none. 0: the first of a new cluster, which has
    /// no id before it started.
    var member: UInt64?
    var peerURL: String
    /// `NAME=URL` of all members when this one was added.
    var initialCluster: [String]
    /// Whether it joined others.
    var joins: Bool
    /// Whether the cluster had one node only.
    var isAlone: Bool
    /// Name of its folder in the state directory.
    var dataDirectory: String
    /// What the leader said it is, as one number; it says it anew when it is another.
    var digest: String
    var clusterToken: String
    /// Name of the file with the authorities that may sign other members' certificates; nil:
    /// `peer-ca.pem`, as versions before the exchange of authorities had it.
    var trust: String?
    /// The member that this node's etcd was until its data proved to be of the past: it is never
    /// run again, and the leader takes it out.
    var discarded: UInt64?
    /// Whether etcd has run as this member, so that it is never started without its data.
    var hasRun: Bool?

    static func path(_ stateDirectory: String) -> String { stateDirectory + "/member.json" }

    /// Nil: there is none for `cluster`.
    static func load(_ stateDirectory: String, cluster: ClusterID) throws -> MemberRecord? {
        let file = path(stateDirectory)
        guard let bytes = try DurableFile.read(file, atMost: 1 << 20) else { return nil }
        do {
            let record = try RecordCoding.decode(MemberRecord.self, from: bytes)
            return record.cluster == cluster ? record : nil
        } catch { throw StoreServiceError.badIdentity(file, "\(error)") }
    }

    func save(_ stateDirectory: String) throws {
        try DurableFile.replace(Self.path(stateDirectory), with: RecordCoding.encode(self))
    }
}
