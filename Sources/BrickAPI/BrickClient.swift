public import GD2Error
import GRPCCore
import GRPCNIOTransportHTTP2Posix
public import GlusterModel
import LocalGRPC
public import ServiceLifecycle
import SwiftProtobuf
public import Transaction

/// A port that a brick or daemon of this node listens on.
public struct PortEntry: Hashable, Sendable {
    /// What clients ask for: the brick's path.
    public var name: String
    public var port: Int
    public var pid: Int32
    public var volume: VolumeID

    public init(name: String, port: Int, pid: Int32, volume: VolumeID) {
        self.name = name
        self.port = port
        self.pid = pid
        self.volume = volume
    }
}

/// One step of a transaction, for one node: its arguments are in the journal.
public struct StepCommand: Hashable, Sendable {
    public var transaction: TransactionID
    public var step: Int
    public var isUndo: Bool
    public var fence: FencingToken
    /// The store's revision with the journal's last write; 0: not known.
    public var journaled: Int64

    public init(
        transaction: TransactionID, step: Int, isUndo: Bool, fence: FencingToken,
        journaled: Int64 = 0
    ) {
        self.transaction = transaction
        self.step = step
        self.isUndo = isUndo
        self.fence = fence
        self.journaled = journaled
    }
}

/// A brick as its node sees it now.
public struct BrickState: Hashable, Sendable {
    public var report: BrickReport
    public var fileSystem: String
    public var mountOptions: String
    public var capacityBytes: UInt64
    public var usedBytes: UInt64
    public var freeBytes: UInt64

    public init(
        report: BrickReport, fileSystem: String, mountOptions: String, capacityBytes: UInt64,
        usedBytes: UInt64, freeBytes: UInt64
    ) {
        self.report = report
        self.fileSystem = fileSystem
        self.mountOptions = mountOptions
        self.capacityBytes = capacityBytes
        self.usedBytes = usedBytes
        self.freeBytes = freeBytes
    }
}

/// gd2-brickd over its Unix socket.
public struct BrickClient: Service {
    private let local: LocalClient
    private var daemon: Gd2_Brick_V1_BrickDaemon.Client<HTTP2ClientTransport.Posix> {
        .init(wrapping: local.client)
    }

    public init(path: String) throws { local = try LocalClient(path: path) }

    /// Keeps the connection until the task is cancelled or is to stop.
    public func run() async throws { try await local.run() }

    /// Runs a step and waits for its end.
    public func run(_ command: StepCommand, timeout: Duration) async throws(GD2Error) {
        let reply = try await calling {
            try await daemon.runStep(
                Gd2_Brick_V1_RunStepRequest(command),
                options: LocalClient.options(timeout: timeout, wait: true))
        }
        try reply.check()
    }

    /// As ``BrickRelay/examine(_:timeout:)``.
    public func examine(
        _ bricks: BrickArguments, timeout: Duration
    ) async throws(GD2Error) -> [GD2Error] {
        let reply = try await calling {
            try await daemon.examineBricks(
                Gd2_Brick_V1_ExamineBricksRequest(bricks),
                options: LocalClient.options(timeout: timeout, wait: true))
        }
        return [reply.refusal].compactMap(\.self)
    }

    /// Throws when it does not answer within `timeout`.
    public func ping(timeout: Duration = .milliseconds(800)) async throws(GD2Error) {
        // No volume has this id.
        _ = try await status(of: VolumeID(high: 0, low: 0), timeout: timeout)
    }

    public func status(
        of volume: VolumeID, timeout: Duration
    ) async throws(GD2Error) -> [BrickState] {
        let reply = try await calling {
            try await daemon.volumeStatus(
                .with { $0.volumeID = volume.description },
                options: LocalClient.options(timeout: timeout, wait: true))
        }
        return reply.bricks.map(BrickState.init)
    }

    /// Calls `body` with the whole port table, now and after each change, until the connection
    /// ends.
    public func watchPorts(
        _ body: @escaping @Sendable ([PortEntry]) async throws -> Void
    ) async throws(GD2Error) {
        var options = LocalClient.options(timeout: .seconds(1), wait: true)
        options.timeout = nil
        let given = options
        try await calling {
            try await daemon.watchPorts(.init(), options: given) { response in
                for try await table in response.messages {
                    try await body(table.entries.compactMap(PortEntry.init))
                }
            }
        }
    }

    public func signedIn(_ name: String, port: Int, pid: Int32) async throws(GD2Error) {
        let message = Self.signIn(name, port, pid)
        _ = try await calling {
            try await daemon.signedIn(
                message, options: LocalClient.options(timeout: .seconds(1), wait: false))
        }
    }

    public func signedOut(_ name: String, port: Int, pid: Int32) async throws(GD2Error) {
        let message = Self.signIn(name, port, pid)
        _ = try await calling {
            try await daemon.signedOut(
                message, options: LocalClient.options(timeout: .seconds(1), wait: false))
        }
    }

    private static func signIn(_ name: String, _ port: Int, _ pid: Int32) -> Gd2_Brick_V1_SignIn {
        .with {
            $0.name = name
            $0.port = UInt32(clamping: port)
            $0.pid = pid
        }
    }

    private func calling<Value>(
        _ call: () async throws -> Value
    ) async throws(GD2Error) -> Value {
        do { return try await call() } catch let error as RPCError {
            throw GD2Error(error, from: "gd2-brickd")
        } catch {
            throw GD2Error(.unavailable, "gd2-brickd was not asked: \(error)")
        }
    }
}
