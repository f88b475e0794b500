import BrickAPI
import FoundationEssentials
import GD2Error
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
import NodeAPI
import StoreAPI
import SwiftProtobuf

/// Calls methods of gd2-brickd by name with serialized messages: this node's over its socket,
/// another's through its gd2-store.
struct BrickRelay: Sendable {
    let local: LocalClient
    let node: NodeParts

    /// What another node may ask of gd2-brickd.
    private static let methods: Set<String> = [
        "RunStep", "VolumeStatus", BrickMethod.volumeGeneration, BrickMethod.examineBricks,
    ]

    func call(
        _ peer: PeerID, _ method: String, _ message: [UInt8], timeout: Duration
    ) async throws -> [UInt8] {
        guard peer != node.own else {
            return try await callOwn(method, message, timeout: timeout)
        }
        guard let known = node.peers.peer(peer) else {
            throw GD2Error(.notFound, "there is no peer \(peer)")
        }
        let request = Gd2_Node_V1_CallBrickRequest.with {
            $0.method = method
            $0.message = Data(message)
            $0.timeoutMs = UInt32(clamping: timeout.milliseconds)
        }
        do {
            return try await node.connections.node(known)
                .callBrick(request, options: NodeConnections.options(timeout)) { answers in
                    var all: [UInt8] = []
                    for try await answer in answers.messages { all += answer.message }
                    return all
                }
        } catch let error as RPCError {
            throw GD2Error(
                error, from: "peer \(known.name)", advice: "see glustercli peer status")
        }
    }

    func callOwn(
        _ method: String, _ message: [UInt8], timeout: Duration
    ) async throws -> [UInt8] {
        guard Self.methods.contains(method) else {
            throw GD2Error(.notAllowed, "no other node may call \(method) of gd2-brickd")
        }
        let descriptor = MethodDescriptor(
            fullyQualifiedService: "gd2.brick.v1.BrickDaemon", method: method)
        return try await local.client.unary(
            request: ClientRequest(message: message), descriptor: descriptor,
            serializer: RawBytes(), deserializer: RawBytes(),
            options: LocalClient.options(timeout: timeout, wait: true)
        ) { response in try response.message }
    }
}

/// Messages that pass as they are.
struct RawBytes: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}
