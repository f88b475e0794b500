import GlusterXDR
import Logging
import PmapAPI
import RPCTransport
import Synchronization
import Volgen

/// Which open connection fetched which volfile: who is to be told of a change.
final class ClientRegistry: Sendable {
    private struct Fetched {
        var request: GetSpecRequest
        /// Of the text that the client has; nil when it was refused: it may run with an older one.
        var rendered: VolfileServer.Rendered?
    }

    private struct Client {
        var connection: RPCConnection
        /// By the key as it was asked.
        var fetched: [String: Fetched] = [:]
    }

    private let clients = Mutex<[Int: Client]>([:])

    func fetched(
        _ request: GetSpecRequest, _ rendered: VolfileServer.Rendered, by connection: RPCConnection
    ) {
        note(Fetched(request: request, rendered: rendered), connection)
    }

    /// The client keeps what it has, if anything, and is told when there is a volfile for it.
    func refused(_ request: GetSpecRequest, by connection: RPCConnection) {
        note(Fetched(request: request), connection)
    }

    private func note(_ fetched: Fetched, _ connection: RPCConnection) {
        let (request, rendered) = (fetched.request, fetched.rendered)
        clients.withLock { clients in
            let known = clients[connection.id]?.fetched
            if let same = known?[request.key] {
                if rendered == nil { return }
                if same.rendered === rendered, same.request == request { return }
            } else if let known, known.count >= Limits.idsPerConnection {
                return
            }
            clients[connection.id, default: Client(connection: connection)]
                .fetched[request.key] = fetched
        }
    }

    func close(_ connection: RPCConnection) {
        clients.withLock { $0[connection.id] = nil }
    }

    func list(volume: String) -> [VolfileClient] {
        clients.withLock { clients in
            clients.values.flatMap { client in
                client.fetched.values.compactMap { fetched in
                    guard volume.isEmpty || VolfileID(fetched.request.key).volume == volume else {
                        return nil
                    }
                    return VolfileClient(
                        address: client.connection.peer.description,
                        // mount.glusterfs asks with a slash in front.
                        volfileID: String(fetched.request.key.drop { $0 == "/" }),
                        isTrusted: client.connection.peer.isTrusted,
                        opVersion: fetched.request.maxOpVersion)
                }
            }
        }
    }

    /// Connections that have a volfile which is another one now. A brick whose graph would get
    /// another shape is left alone: it could only take that with a restart.
    func outdated(_ server: VolfileServer) -> [RPCConnection] {
        clients.withLock { clients in
            clients.values.filter { client in
                client.fetched.contains { key, fetched in
                    let now = try? server.volfile(
                        key, isTrusted: client.connection.peer.isTrusted,
                        opVersion: fetched.request.maxOpVersion)
                    guard let now, now !== fetched.rendered,
                        now.reply != fetched.rendered?.reply
                    else { return false }
                    if case .brick = VolfileID(key) { return now.shape == fetched.rendered?.shape }
                    return true
                }
            }.map(\.connection)
        }
    }
}
