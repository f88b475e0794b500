public import GD2Error
public import GlusterModel
import SwiftProtobuf
public import Transaction

/// Names of methods that those who pass calls on decide by.
public enum BrickMethod {
    public static let volumeGeneration = "VolumeGeneration"
    public static let examineBricks = "ExamineBricks"
}

/// gd2-brickd of another node, reached through somebody who passes serialized messages on.
public struct BrickRelay: Sendable {
    /// Calls a method of brickd.proto by its name; gives the serialized answer.
    public typealias Call =
        @Sendable (_ method: String, _ message: [UInt8], _ timeout: Duration)
        async throws(GD2Error) -> [UInt8]

    private let call: Call

    public init(call: @escaping Call) { self.call = call }

    /// Runs a step there and waits for its end.
    public func run(_ command: StepCommand, timeout: Duration) async throws(GD2Error) {
        let reply: Gd2_Brick_V1_RunStepReply = try await ask(
            "RunStep", Gd2_Brick_V1_RunStepRequest(command), timeout)
        try reply.check()
    }

    /// Why the first of those directories that cannot become a brick cannot; empty: all can.
    /// Changes nothing.
    public func examine(
        _ bricks: BrickArguments, timeout: Duration
    ) async throws(GD2Error) -> [GD2Error] {
        let reply: Gd2_Brick_V1_RunStepReply = try await ask(
            BrickMethod.examineBricks, Gd2_Brick_V1_ExamineBricksRequest(bricks), timeout)
        return [reply.refusal].compactMap(\.self)
    }

    public func status(
        of volume: VolumeID, timeout: Duration
    ) async throws(GD2Error) -> [BrickState] {
        let reply: Gd2_Brick_V1_VolumeStatusReply = try await ask(
            "VolumeStatus", Gd2_Brick_V1_VolumeStatusRequest.with { $0.volumeID = "\(volume)" },
            timeout)
        return reply.bricks.map(BrickState.init)
    }

    /// What that node's view says of the volume's topology.
    public func generation(
        of volume: VolumeID, timeout: Duration
    ) async throws(GD2Error) -> KnownGeneration {
        let reply: Gd2_Brick_V1_VolumeGenerationReply = try await ask(
            BrickMethod.volumeGeneration,
            Gd2_Brick_V1_VolumeGenerationRequest.with { $0.volumeID = "\(volume)" }, timeout)
        return KnownGeneration(reply)
    }

    private func ask<Reply: Message>(
        _ method: String, _ request: some Message, _ timeout: Duration
    ) async throws(GD2Error) -> Reply {
        let message: [UInt8]
        do { message = try request.serializedBytes() } catch {
            throw GD2Error(.internal, "\(method) cannot be written as a message: \(error)")
        }
        let answer = try await call(method, message, timeout)
        do { return try Reply(serializedBytes: answer) } catch {
            throw GD2Error(.internal, "the answer of gd2-brickd to \(method) cannot be read")
        }
    }
}
