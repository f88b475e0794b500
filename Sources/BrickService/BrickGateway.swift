import BrickAPI
import GD2Error
import GRPCCore
import GlusterModel
import LocalGRPC
import StoreMirror
import SwiftProtobuf

/// What gd2-rest, gd2-pmap and, through gd2-store, other nodes ask of gd2-brickd.
struct BrickGateway: Gd2_Brick_V1_BrickDaemon.SimpleServiceProtocol {
    let supervisor: Supervisor
    let steps: StepRunner
    let mirror: StoreMirror
    let incarnation: IncarnationID

    func runStep(
        request: Gd2_Brick_V1_RunStepRequest, context: ServerContext
    ) async throws -> Gd2_Brick_V1_RunStepReply {
        try allow(["gd2-rest", "gd2-store"], context)
        guard let id = TransactionID(request.txnID) else {
            throw GD2Error(.invalid, "\(request.txnID) is no transaction id")
        }
        let command = StepCommand(
            transaction: id, step: Int(request.step), isUndo: request.undo,
            fence: FencingToken(epoch: Epoch(request.epoch), token: request.token),
            journaled: request.journaled)
        do {
            try await steps.run(command)
            return Gd2_Brick_V1_RunStepReply()
        } catch let error as GD2Error {
            return Gd2_Brick_V1_RunStepReply(error)
        } catch {
            return .with {
                $0.error = "\(error)"
                $0.code = ErrorCode.unavailable.rawValue
            }
        }
    }

    func examineBricks(
        request: Gd2_Brick_V1_ExamineBricksRequest, context: ServerContext
    ) async throws -> Gd2_Brick_V1_RunStepReply {
        try allow(["gd2-rest", "gd2-store"], context)
        guard let volume = VolumeID(request.volumeID) else {
            throw GD2Error(.invalid, "\(request.volumeID) is no volume id")
        }
        let paths = try request.paths.map { path in
            do { return try BrickPath(validating: path) } catch {
                throw GD2Error(.invalid, "\(error)")
            }
        }
        do {
            try await steps.examine(paths, request.flags, of: volume)
            return Gd2_Brick_V1_RunStepReply()
        } catch {
            return Gd2_Brick_V1_RunStepReply(error)
        }
    }

    func watchPorts(
        request: Gd2_Brick_V1_WatchPortsRequest,
        response: RPCWriter<Gd2_Brick_V1_PortTable>, context: ServerContext
    ) async throws {
        try allow(["gd2-pmap"], context)
        var version: UInt64 = 0
        var last: [PortEntry]?
        for await _ in await supervisor.changes() {
            let ports = await supervisor.ports.sorted { $0.name < $1.name }
            guard ports != last else { continue }
            last = ports
            version += 1
            try await response.write(
                Gd2_Brick_V1_PortTable(
                    version: version, incarnation: incarnation, entries: ports))
        }
    }

    func signedIn(
        request: Gd2_Brick_V1_SignIn, context: ServerContext
    ) async throws -> Gd2_Brick_V1_SignInReply {
        try allow(["gd2-pmap"], context)
        await supervisor.signedIn(request.name, pid: request.pid)
        return Gd2_Brick_V1_SignInReply()
    }

    /// The process's end is what counts, and that the kernel tells.
    func signedOut(
        request: Gd2_Brick_V1_SignIn, context: ServerContext
    ) async throws -> Gd2_Brick_V1_SignInReply {
        try allow(["gd2-pmap"], context)
        return Gd2_Brick_V1_SignInReply()
    }

    func volumeStatus(
        request: Gd2_Brick_V1_VolumeStatusRequest, context: ServerContext
    ) async throws -> Gd2_Brick_V1_VolumeStatusReply {
        try allow(["gd2-rest", "gd2-store", "admin"], context)
        guard let volume = VolumeID(request.volumeID) else {
            throw GD2Error(.invalid, "\(request.volumeID) is no volume id")
        }
        let states = await supervisor.states(of: volume)
        return .with { $0.bricks = states.map(Gd2_Brick_V1_BrickStatus.init) }
    }

    func volumeGeneration(
        request: Gd2_Brick_V1_VolumeGenerationRequest, context: ServerContext
    ) async throws -> Gd2_Brick_V1_VolumeGenerationReply {
        try allow(["gd2-store", "admin"], context)
        guard let volume = VolumeID(request.volumeID) else {
            throw GD2Error(.invalid, "\(request.volumeID) is no volume id")
        }
        let isCurrent = mirror.view.freshness == .current
        guard let known = await supervisor.generation(of: volume, isCurrent: isCurrent) else {
            throw GD2Error(.unavailable, "gd2-brickd has no view of the store yet")
        }
        return Gd2_Brick_V1_VolumeGenerationReply(known)
    }

    private func allow(_ programs: Set<String>, _ context: ServerContext) throws {
        let caller = context.localCaller
        guard !caller.programs.isDisjoint(with: programs) else {
            throw GD2Error(
                .notAllowed,
                "\(caller.programs.sorted().joined(separator: ", ")) may not call "
                    + "\(context.descriptor.method) of gd2-brickd")
        }
    }
}
