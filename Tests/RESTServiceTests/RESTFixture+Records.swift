import GlusterModel
import StoreAPI
import StoreMirror
import StoreTesting

@testable import RESTService

extension RESTFixture {
    /// A peer that is in the store and seen by gd2-rest.
    func addPeer(
        _ name: String, number: UInt64 = 7, metadata: [String: String] = [:]
    ) async throws {
        var peer = Peer(
            id: PeerID(high: number, low: number), name: name, addresses: [name],
            clientAddresses: ["\(name):24007"])
        peer.metadata = metadata
        let keys = try await store.identity().keys
        try await put([.put(key: keys.peer(peer.id), value: try RecordCoding.encode(peer))])
    }

    func setAlive(_ peer: PeerID) async throws {
        try await put([.put(key: try await store.identity().keys.alive(peer), value: [1])])
    }

    /// A volume of one brick a peer, which have reported them online on port 49152.
    func addVolume(
        _ name: String, state: VolumeState = .created, bricksOn peers: [PeerID],
        layout: SubvolumeLayout = .distribute
    ) async throws {
        let keys = try await store.identity().keys
        var generator = SystemRandomNumberGenerator()
        let id = VolumeID(using: &generator)
        var (bricks, reports): ([Brick], [StoreAPI.Operation]) = ([], [])
        for (index, peer) in peers.enumerated() {
            let path = try BrickPath(validating: "/bricks/\(name)")
            bricks.append(
                Brick(
                    id: BrickID(using: &generator), peer: peer, path: path, index: index,
                    isArbiter: false))
            let report = VolumeReport(
                volume: id, bootID: "", incarnation: IncarnationID(using: &generator),
                headRevision: 1, converged: true,
                bricks: [
                    BrickReport(
                        index: index, path: "\(path)", phase: .online, pid: 1, port: 49_152)
                ])
            reports.append(
                .put(
                    key: keys.volumeReport(id, by: peer), value: try RecordCoding.encode(report)))
        }
        let topology = Topology(layout: layout, bricks: bricks)
        let head = VolumeHead(
            id: id, name: try VolumeName(validating: name), state: state, generation: 1,
            bricksCount: bricks.count, digest: try TopologyDigest.hex(of: topology))
        try await put(
            reports + [
                .put(
                    key: keys.generationLayout(id, 1),
                    value: try RecordCoding.encode(StoredLayout(topology))),
                .put(
                    key: keys.generationBricks(id, 1, chunk: 0),
                    value: try RecordCoding.encode(StoredBricks(topology.bricks))),
                .put(key: keys.volumeName(head.name), value: Array("\(id)".utf8)),
                .put(key: keys.volumeHead(id), value: try RecordCoding.encode(head)),
            ])
    }

    /// Until gd2-rest has seen that the store is away, which no view of it says.
    func untilStale() async throws {
        for _ in 0..<1_000 where mirror.view.freshness == .current {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Until gd2-rest has heard that the store is in a later epoch than what it knows.
    func untilRecoveryIsKnown() async throws {
        for _ in 0..<3_000 where mirror.view.laterEpoch == nil {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func put(_ operations: [StoreAPI.Operation]) async throws {
        let written = try await store.txn(if: [], then: operations)
        _ = try await mirror.wait(for: written.revision, timeout: .seconds(30))
    }
}
