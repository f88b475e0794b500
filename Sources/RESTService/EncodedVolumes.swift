import GlusterModel
import Hummingbird
import NIOCore
import RESTAPI
import StoreAPI
import StoreMirror
import Synchronization

/// Volumes as JSON, encoded once for each change of theirs: encoding costs far more than sending.
final class EncodedVolumes: Sendable {
    private struct Encoded {
        var volume: Volume
        var json: ByteBuffer
    }

    private struct State {
        var identity: StoreIdentity?
        var peers: [PeerID: Peer] = [:]
        var volumes: [VolumeID: Encoded] = [:]
        var list: (revision: Int64, json: ByteBuffer)?
    }

    private let state = Mutex(State())

    /// One volume of `cluster`.
    func info(_ volume: Volume, in cluster: ClusterState) throws -> Response {
        .json(try state.withLock { try Self.json(volume, cluster, &$0) })
    }

    /// All of them, by name.
    func list(_ cluster: ClusterState) throws -> Response {
        .json(try state.withLock { try Self.list(cluster, &$0) })
    }

    private static func list(_ cluster: ClusterState, _ state: inout State) throws -> ByteBuffer {
        forget(cluster, &state)
        if let (revision, json) = state.list, revision == cluster.revision { return json }
        var list = ByteBuffer(string: "[")
        for volume in cluster.volumes.values.sorted(by: { $0.name < $1.name }) {
            if list.readableBytes > 1 { list.writeString(",") }
            list.writeImmutableBuffer(try json(volume, cluster, &state))
        }
        list.writeString("]")
        state.list = (cluster.revision, list)
        state.volumes = state.volumes.filter { cluster.volumes[$0.key] != nil }
        return list
    }

    private static func json(
        _ volume: Volume, _ cluster: ClusterState, _ state: inout State
    ) throws -> ByteBuffer {
        forget(cluster, &state)
        if let known = state.volumes[volume.id], known.volume == volume { return known.json }
        let json = try Response.encode(VolumeShapes(state: cluster).info(volume))
        state.volumes[volume.id] = Encoded(volume: volume, json: json)
        return json
    }

    /// Another store, or peers with other addresses: nothing holds any more.
    private static func forget(_ cluster: ClusterState, _ state: inout State) {
        guard state.identity != cluster.identity || state.peers != cluster.peers else { return }
        state = State(identity: cluster.identity, peers: cluster.peers)
    }
}
