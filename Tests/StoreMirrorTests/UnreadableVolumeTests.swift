import GlusterModel
import StoreAPI
import StoreMirror
import Testing

/// Records that another version of the suite wrote, or that are damaged.
@Suite struct UnreadableVolumeTests {
    private let identity = StoreIdentity(
        cluster: ClusterID(high: 1, low: 1), peer: PeerID(high: 2, low: 2), epoch: Epoch(1))
    private let id = VolumeID(high: 3, low: 3)

    private func state(
        head: String?, layout: String? = nil, options: String? = nil
    ) throws -> ClusterState {
        let keys = identity.keys
        let brick = Brick(
            id: BrickID(high: 4, low: 4), peer: identity.peer,
            path: try BrickPath(validating: "/bricks/a"), index: 0)
        let topology = Topology(layout: .distribute, bricks: [brick])
        let own = VolumeHead(
            id: id, name: try VolumeName(validating: "gv0"), state: .started, generation: 1,
            bricksCount: 1, digest: try TopologyDigest.hex(of: topology))
        var values = [
            keys.volumeHead(id): try head.map { Array($0.utf8) } ?? RecordCoding.encode(own),
            keys.generationLayout(id, 1): try layout.map { Array($0.utf8) }
                ?? RecordCoding.encode(StoredLayout(topology)),
            keys.generationBricks(id, 1, chunk: 0): try RecordCoding.encode(StoredBricks([brick])),
        ]
        values[keys.volumeOptions(id)] = options.map { Array($0.utf8) }
        let known = values.map {
            KeyValue(key: $0, value: $1, createRevision: 2, modRevision: 2)
        }
        return ClusterState(
            MirrorView(
                identity: identity, revision: 2,
                values: MirroredValues(known)))
    }

    @Test func aVolumeThatCannotBeReadIsNotTakenForGone() throws {
        let read = try state(head: nil)
        #expect(read.volumes[id] != nil && read.unreadableVolumes.isEmpty)
        let keys = identity.keys
        let strange = String(
            decoding: try RecordCoding.encode(try #require(read.volumes[id]).head), as: UTF8.self
        ).replacing("\"started\"", with: "\"of a newer version\"")
        let newer = try state(head: strange)
        #expect(newer.volumes.isEmpty && newer.unreadableVolumes == [id])
        #expect(newer.unreadable == [keys.volumeHead(id)])
        let damaged = try state(head: nil, layout: "{}")
        #expect(damaged.volumes.isEmpty && damaged.unreadableVolumes == [id])
        // It would let in whom its options keep out.
        let open = try state(head: nil, options: "{\"x")
        #expect(open.volumes.isEmpty && open.unreadableVolumes == [id])
        #expect(open.unreadable == [keys.volumeOptions(id)])
    }
}
