import DurableFile
import FoundationEssentials
import GlusterModel
import NodeAPI
import StoreAPI

/// Where the store was to be had when this node joined, until its own mirror knows.
struct KnownVoters: Codable {
    struct Voter: Codable {
        var peer: PeerID
        var addresses: [String]
    }

    var schema = 1
    var cluster: ClusterID?
    var voters: [Voter]

    init(_ wire: [Gd2_Node_V1_Voter]) {
        voters = wire.compactMap { voter in
            PeerID(voter.peerID).map { Voter(peer: $0, addresses: voter.addresses) }
        }
    }

    private static func path(_ stateDirectory: String) -> String { stateDirectory + "/voters.json" }

    func save(_ stateDirectory: String, cluster: ClusterID) throws {
        var copy = self
        copy.cluster = cluster
        try DurableFile.replace(Self.path(stateDirectory), with: RecordCoding.encode(copy))
    }

    /// Empty when there is none for `cluster`.
    static func load(_ stateDirectory: String, cluster: ClusterID) -> [Voter] {
        guard let bytes = try? DurableFile.read(path(stateDirectory), atMost: 1 << 20),
            let known = try? RecordCoding.decode(KnownVoters.self, from: bytes),
            known.cluster == cluster
        else { return [] }
        return known.voters
    }
}
