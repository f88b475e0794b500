import GlusterModel
import GlusterXDR
import RPCTransport
import Volgen
import XDR

/// The programs that GlusterFS processes are served (docs/sunrpc.md).
struct GlusterPrograms: Sendable {
    let volfiles: VolfileServer
    let topologies: TopologyConfirmation
    let clients: ClientRegistry
    let ports: PortService

    var dispatcher: RPCDispatcher {
        let served = [handshake, portmap]
        return RPCDispatcher(programs: served + [dump(of: served)])
    }

    private var handshake: RPCProgram {
        let (volfiles, clients, topologies) = (volfiles, clients, topologies)
        let answer = { @Sendable (request: GetSpecRequest, connection: RPCConnection) in
            volfiles.reply(to: request, isTrusted: connection.peer.isTrusted) { rendered in
                clients.fetched(request, rendered, by: connection)
            }
        }
        return RPCProgram(
            Programs.handshake, version: Programs.Handshake.version, name: "GlusterFS Handshake",
            procedures: [
                RPCProcedure(Programs.Handshake.getSpec, "GETSPEC") { call in
                    let request = try GetSpecRequest(from: &call.arguments)
                    guard topologies.allow(request.key) else { return .later }
                    return .reply(answer(request, call.connection))
                } later: { call in
                    let request = try GetSpecRequest(from: &call.arguments)
                    guard await topologies.confirm(request.key) else {
                        clients.refused(request, by: call.connection)
                        return GetSpecReply.failed(.tryAgain).bytes
                    }
                    return answer(request, call.connection)
                },
                // The rebalance process reports its end; GD1 never answers.
                RPCProcedure(Programs.Handshake.eventNotify, "EVENT_NOTIFY", now: { _ in nil }),
                RPCProcedure(
                    Programs.Handshake.getVolumeInfo, "GET_VOLUME_INFO",
                    now: { call in
                        let request = try VolumeInfoRequest(from: &call.arguments)
                        let id = volfiles.volumeID(named: request.volume)
                        return VolumeInfoRequest.reply(id: id?.description)
                    }),
            ])
    }

    private var portmap: RPCProgram {
        let ports = ports
        return RPCProgram(
            Programs.portmap, version: Programs.Portmap.version, name: "Gluster Portmap",
            procedures: [
                RPCProcedure(Programs.Portmap.portByBrick, "PORTBYBRICK") { call in
                    let brick = try PortmapMessage.portByBrick(&call.arguments)
                    switch ports.known(brick) {
                    case .port(let port): return .reply(PortmapMessage.portReply(port))
                    case .unknownYet: return .later
                    }
                } later: { call in
                    let brick = try PortmapMessage.portByBrick(&call.arguments)
                    return PortmapMessage.portReply(try await ports.port(of: brick))
                },
                // Over TCP anybody can claim to be a brick, so there it changes nothing; but an
                // unanswered SIGNIN would stop a brick's start.
                RPCProcedure(
                    Programs.Portmap.signIn, "SIGNIN",
                    later: { call in
                        let (name, port) = try PortmapMessage.signIn(&call.arguments)
                        if let pid = call.connection.peer.pid, call.connection.peer.isTrusted {
                            await ports.signIn(
                                name, port: port, pid: pid, connection: call.connection.id)
                        }
                        return PortmapMessage.signed
                    }),
                RPCProcedure(
                    Programs.Portmap.signOut, "SIGNOUT",
                    later: { call in
                        let (name, port) = try PortmapMessage.signIn(&call.arguments)
                        if let pid = call.connection.peer.pid, call.connection.peer.isTrusted {
                            await ports.signOut(
                                name, port: port, pid: pid, connection: call.connection.id)
                        }
                        return PortmapMessage.signed
                    }),
            ])
    }

    /// A client that finds no portmap in DUMP's answer hangs.
    private func dump(of served: [RPCProgram]) -> RPCProgram {
        let list = served.map { (name: $0.name, number: $0.number, version: $0.version) }
        let reply = DumpMessage.reply(
            programs: list + [("GF-DUMP", Programs.dump, Programs.Dump.version)])
        return RPCProgram(
            Programs.dump, version: Programs.Dump.version, name: "GF-DUMP",
            procedures: [
                RPCProcedure(Programs.Dump.dump, "DUMP", now: { _ in reply }),
                RPCProcedure(Programs.Dump.ping, "PING", now: { _ in DumpMessage.pingReply }),
            ])
    }
}
