import GlusterModel

/// This node's record in the store.
enum OwnPeer {
    /// What the host and its configuration say, with what an operator has set of `known`.
    static func record(
        _ id: PeerID, _ configuration: StoreConfiguration, known: Peer?
    ) -> Peer {
        let addresses = NodeAddresses.all(configured: configuration.address)
        let name = configuration.name.isEmpty ? NodeAddresses.hostName() : configuration.name
        var peer = Peer(
            id: id, name: name, addresses: addresses,
            clientAddresses: addresses.map { "\($0):\(configuration.clientPort)" })
        peer.nodePort = configuration.nodePort
        peer.metadata = known?.metadata ?? [:]
        if let known, peer.metadata["_name"] == "set" { peer.name = known.name }
        if let known, peer.metadata["_addresses"] == "set" {
            peer.addresses = known.addresses
            peer.clientAddresses = known.clientAddresses
        }
        peer.isWitness = configuration.witness
        return peer
    }
}
