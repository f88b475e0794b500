import FoundationEssentials
import GlusterModel
import Logging
import Seeded
import StoreAPI
import StoreMirror
import StoreTesting
import TemporaryFolder
import Testing

/// A decoder that follows a mirror says what one says that reads everything.
@Suite struct ClusterDecoderTests {
    private let identity = StoreIdentity(
        cluster: ClusterID(high: 1, low: 1), peer: PeerID(high: 2, low: 1), epoch: Epoch(1))
    private var keys: StoreKeys { identity.keys }

    private static func expectSame(_ one: ClusterState, _ other: ClusterState) {
        #expect(one.identity == other.identity && one.revision == other.revision)
        #expect(one.peers == other.peers)
        #expect(one.volumes == other.volumes)
        #expect(one.headRevisions == other.headRevisions)
        #expect(one.volumeRevisions == other.volumeRevisions)
        #expect(one.reports == other.reports)
        #expect(one.clusterOptions == other.clusterOptions)
        #expect(one.unreadable == other.unreadable)
        #expect(one.unreadableVolumes == other.unreadableVolumes)
        for number in 0..<4 as Range<UInt64> {
            let name = "gv\(number)"
            #expect(one.volume(named: name)?.id == other.volume(named: name)?.id)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aDecoderThatFollowsSaysTheSame(seed: UInt64) async throws {
        try await TemporaryFolder.with { folder in
            var generator = SplitMix(seed: seed)
            let store = InMemoryStore(identity: identity)
            let mirror = StoreMirror(
                store: store, prefixes: { [$0.prefix] }, stateFile: folder + "/view",
                log: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await mirror.run() }
                var follower = ClusterDecoder()
                var (sawVolumes, sawUnreadable) = (0, 0)
                for _ in 0..<150 {
                    var revision: Int64 = 0
                    for _ in 0..<Int.random(in: 1...3, using: &generator) {
                        let operations = try change(&generator)
                        revision = try await store.txn(if: [], then: operations).revision
                    }
                    let view = try await mirror.wait(for: revision, timeout: .seconds(30))
                    let state = follower.state(of: view)
                    Self.expectSame(state, ClusterState(view))
                    sawVolumes += state.volumes.count
                    sawUnreadable += state.unreadable.count
                }
                #expect(sawVolumes > 100 && sawUnreadable > 10)
                group.cancelAll()
            }
        }
    }

    /// Of a few peers and volumes, some of which bear the name of another.
    private func change(_ generator: inout SplitMix) throws -> [StoreAPI.Operation] {
        let number = UInt64.random(in: 0..<6, using: &generator)
        let (id, peer) = (VolumeID(high: 3, low: number), PeerID(high: 2, low: number))
        let report = keys.volumeReport(id, by: peer)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...2: return try volume(id, named: "gv\(number % 4)", generation: 1)
        case 3: return try volume(id, named: "gv\(number % 4)", generation: 2)
        case 4: return [.deletePrefix(keys.volumes + "\(id)/")]
        case 5: return [.put(key: keys.volumeHead(id), value: Array("{}".utf8))]
        case 6:
            let options = StoredOptions(["user.n": "\(number)"])
            let key = number == 0 ? keys.clusterOptions : keys.volumeOptions(id)
            return [.put(key: key, value: try RecordCoding.encode(options))]
        case 7: return [.delete(key: report), .delete(key: keys.peer(peer))]
        case 8:
            let value = VolumeReport(
                volume: id, bootID: "boot", incarnation: IncarnationID(high: 1, low: number),
                headRevision: Int64(number), converged: true, bricks: [])
            return [.put(key: report, value: try RecordCoding.encode(value))]
        default:
            let value = Peer(
                id: peer, name: "h\(number)", addresses: ["h\(number)"],
                clientAddresses: ["h\(number):24007"])
            return [.put(key: keys.peer(peer), value: try RecordCoding.encode(value))]
        }
    }

    private func volume(
        _ id: VolumeID, named name: String, generation: Int
    ) throws -> [StoreAPI.Operation] {
        let bricks = try (0..<generation).map { index in
            Brick(
                id: BrickID(high: UInt64(generation), low: UInt64(index)), peer: identity.peer,
                path: try BrickPath(validating: "/bricks/\(id)-\(index)"), index: index)
        }
        let topology = Topology(layout: .distribute, bricks: bricks)
        let head = VolumeHead(
            id: id, name: try VolumeName(validating: name), state: .created,
            generation: generation, bricksCount: bricks.count,
            digest: try TopologyDigest.hex(of: topology))
        // A name is one volume's only: that of the other that may have had it is taken away.
        let other = VolumeID(high: id.high, low: id.low < 4 ? id.low + 4 : id.low - 4)
        return [
            .deletePrefix(keys.volumes + "\(other)/"),
            .put(
                key: keys.generationLayout(id, generation),
                value: try RecordCoding.encode(StoredLayout(topology))),
            .put(
                key: keys.generationBricks(id, generation, chunk: 0),
                value: try RecordCoding.encode(StoredBricks(bricks))),
            .put(key: keys.volumeHead(id), value: try RecordCoding.encode(head)),
        ]
    }
}
