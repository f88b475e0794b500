public import GD2Error
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import LocalGRPC
public import ServiceLifecycle
import SwiftProtobuf

/// A GlusterFS process that fetched a volfile on a connection that is still open.
public struct VolfileClient: Hashable, Sendable {
    public var address: String
    public var volfileID: String
    public var isTrusted: Bool
    public var opVersion: Int

    public init(address: String, volfileID: String, isTrusted: Bool, opVersion: Int) {
        self.address = address
        self.volfileID = volfileID
        self.isTrusted = isTrusted
        self.opVersion = opVersion
    }
}

/// gd2-pmap over its Unix socket.
public struct PmapClient: Service {
    private let local: LocalClient

    public init(path: String) throws { local = try LocalClient(path: path) }

    /// Keeps the connection until the task is cancelled or is to stop.
    public func run() async throws { try await local.run() }

    /// Throws when it does not answer in time.
    public func ping() async throws(GD2Error) {
        // No volume is called so.
        _ = try await clients(of: "/")
    }

    /// `volume`: empty for all.
    public func clients(of volume: String) async throws(GD2Error) -> [VolfileClient] {
        let pmap = Gd2_Pmap_V1_Pmap.Client(wrapping: local.client)
        do {
            let reply = try await pmap.listClients(
                .with { $0.volume = volume },
                options: LocalClient.options(timeout: .milliseconds(800), wait: true))
            return reply.clients.map { client in
                VolfileClient(
                    address: client.address, volfileID: client.volfileID,
                    isTrusted: client.trusted, opVersion: Int(client.opVersion))
            }
        } catch let error as RPCError {
            throw GD2Error(error, from: "gd2-pmap")
        } catch {
            throw GD2Error(.unavailable, "gd2-pmap was not asked: \(error)")
        }
    }
}
