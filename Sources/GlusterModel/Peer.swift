/// A node of the cluster: stored at `peers/<id>`.
public struct Peer: Hashable, Sendable, Codable {
    public var schema: Int
    public var id: PeerID
    public var name: String
    /// Host names or addresses, without a port, best first. The first is the one that volfiles
    /// name.
    public var addresses: [String]
    /// `host:port` of the port that GlusterFS clients use (24007 unless configured otherwise).
    public var clientAddresses: [String]
    /// TCP port of its gd2-store for other nodes; nil: 24008.
    public var nodePort: Int?
    public var metadata: [String: String]

    /// It is there to vote: it has no bricks.
    public var isWitness: Bool {
        get { metadata["_witness"] == "true" }
        set { metadata["_witness"] = newValue ? "true" : nil }
    }

    public init(id: PeerID, name: String, addresses: [String], clientAddresses: [String]) {
        schema = 1
        self.id = id
        self.name = name
        self.addresses = addresses
        self.clientAddresses = clientAddresses
        metadata = [:]
    }
}
