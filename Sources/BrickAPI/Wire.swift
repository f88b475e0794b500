package import GD2Error
package import GlusterModel
import SwiftProtobuf
package import Transaction

// The generated messages end here: everything else sees the model's types.

extension PortEntry {
    init?(_ wire: Gd2_Brick_V1_PortEntry) {
        guard let volume = VolumeID(wire.volumeID) else { return nil }
        self.init(name: wire.name, port: Int(wire.port), pid: wire.pid, volume: volume)
    }
}

extension Gd2_Brick_V1_PortTable {
    package init(version: UInt64, incarnation: IncarnationID, entries: [PortEntry]) {
        self.init()
        self.version = version
        self.incarnation = incarnation.description
        self.entries = entries.map { entry in
            .with {
                $0.name = entry.name
                $0.port = UInt32(clamping: entry.port)
                $0.pid = entry.pid
                $0.volumeID = entry.volume.description
            }
        }
    }
}

extension BrickState {
    init(_ wire: Gd2_Brick_V1_BrickStatus) {
        self.init(
            report: BrickReport(
                index: Int(wire.index), path: wire.path,
                phase: BrickReport.Phase(rawValue: wire.phase) ?? .offline, pid: wire.pid,
                port: Int(wire.port), message: wire.message, device: wire.device),
            fileSystem: wire.fsType, mountOptions: wire.mountOptions,
            capacityBytes: wire.capacityBytes, usedBytes: wire.usedBytes,
            freeBytes: wire.freeBytes)
    }
}

extension Gd2_Brick_V1_BrickStatus {
    package init(_ state: BrickState) {
        self.init()
        index = Int32(state.report.index)
        path = state.report.path
        phase = state.report.phase.rawValue
        pid = state.report.pid
        port = UInt32(clamping: state.report.port)
        message = state.report.message
        device = state.report.device
        fsType = state.fileSystem
        mountOptions = state.mountOptions
        capacityBytes = state.capacityBytes
        usedBytes = state.usedBytes
        freeBytes = state.freeBytes
    }
}

extension KnownGeneration {
    init(_ wire: Gd2_Brick_V1_VolumeGenerationReply) {
        self.init(
            epoch: Epoch(wire.epoch), revision: wire.revision, isCurrent: wire.current,
            generation: wire.generation > 0 ? Int(wire.generation) : nil)
    }
}

extension Gd2_Brick_V1_VolumeGenerationReply {
    package init(_ known: KnownGeneration) {
        self.init()
        epoch = known.epoch.number
        revision = known.revision
        current = known.isCurrent
        generation = Int64(known.generation ?? 0)
    }
}

extension Gd2_Brick_V1_RunStepRequest {
    init(_ command: StepCommand) {
        self.init()
        txnID = command.transaction.description
        step = UInt32(command.step)
        undo = command.isUndo
        epoch = command.fence.epoch.number
        token = command.fence.token
        journaled = command.journaled
    }
}

extension Gd2_Brick_V1_RunStepReply {
    /// What went wrong there.
    var refusal: GD2Error? {
        error.isEmpty
            ? nil : GD2Error(ErrorCode(rawValue: code) ?? .internal, error, fields: fields)
    }

    func check() throws(GD2Error) { if let refusal { throw refusal } }

    package init(_ refusal: GD2Error) {
        self.init()
        error = refusal.message
        code = refusal.code.rawValue
        fields = refusal.fields
    }
}

extension Gd2_Brick_V1_ExamineBricksRequest {
    init(_ bricks: BrickArguments) {
        self.init()
        volumeID = bricks.volume.description
        paths = bricks.bricks.map(\.path.description)
        reuseBricks = bricks.flags.reuseBricks
        allowRootDir = bricks.flags.allowRootDirectory
        allowMountAsBrick = bricks.flags.allowMountAsBrick
        createBrickDir = bricks.flags.createBrickDirectory
        force = bricks.flags.force
    }

    package var flags: BrickFlags {
        BrickFlags(
            reuseBricks: reuseBricks, allowRootDirectory: allowRootDir,
            allowMountAsBrick: allowMountAsBrick, createBrickDirectory: createBrickDir,
            force: force)
    }
}
