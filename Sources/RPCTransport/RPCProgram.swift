import Logging
import SunRPC
public import XDR

/// A call that reached its procedure.
public struct RPCCall: Sendable {
    public var arguments: XDRReader
    public let connection: RPCConnection
}

/// What a procedure can say at once.
public enum RPCOutcome: Sendable {
    case reply([UInt8])
    /// GlusterFS expects none.
    case noReply
    /// It has to wait for something.
    case later
}

/// One procedure. An ``XDRError`` is answered with GARBAGE_ARGS, any other error with SYSTEM_ERR.
public struct RPCProcedure: Sendable {
    public typealias Now = @Sendable (inout RPCCall) throws -> RPCOutcome
    public typealias Later = @Sendable (inout RPCCall) async throws -> [UInt8]?

    public var number: UInt32
    public var name: String
    let now: Now
    let later: Later

    /// `now` runs on an event loop, so it must not block; where it cannot answer, `later` does.
    public init(_ number: UInt32, _ name: String, now: @escaping Now, later: @escaping Later) {
        self.number = number
        self.name = name
        self.now = now
        self.later = later
    }

    /// Never waits.
    public init(
        _ number: UInt32, _ name: String,
        now: @escaping @Sendable (inout RPCCall) throws -> [UInt8]?
    ) {
        self.init(number, name) { call in
            try now(&call).map { .reply($0) } ?? .noReply
        } later: { call in
            try now(&call)
        }
    }

    /// Always waits.
    public init(_ number: UInt32, _ name: String, later: @escaping Later) {
        self.init(number, name, now: { _ in .later }, later: later)
    }

    func failure(_ error: any Error, _ connection: RPCConnection, _ log: Logger) -> Answer {
        if error is XDRError { return .garbageArguments }
        log.warning(
            "call failed",
            metadata: [
                "procedure": "\(name)", "peer": "\(connection.peer)", "error": "\(error)",
            ])
        return .systemError
    }
}

/// One version of a program and what it answers. Procedure 0 (NULL) is there by itself.
public struct RPCProgram: Sendable {
    public var number: UInt32
    public var version: UInt32
    public var name: String
    let procedures: [UInt32: RPCProcedure]

    public init(
        _ number: UInt32, version: UInt32, name: String, procedures: [RPCProcedure]
    ) {
        self.number = number
        self.version = version
        self.name = name
        self.procedures = Dictionary(procedures.map { ($0.number, $0) }) { _, last in last }
    }
}

/// The programs that one kind of connection is served.
public struct RPCDispatcher: Sendable {
    private struct Key: Hashable {
        var program: UInt32
        var version: UInt32
        var procedure: UInt32
    }

    private let procedures: [Key: RPCProcedure]
    private let versions: [UInt32: Set<UInt32>]

    public init(programs: [RPCProgram]) {
        var procedures: [Key: RPCProcedure] = [:]
        var versions: [UInt32: Set<UInt32>] = [:]
        for program in programs {
            versions[program.number, default: []].insert(program.version)
            for (number, procedure) in program.procedures {
                let key = Key(program: program.number, version: program.version, procedure: number)
                procedures[key] = procedure
            }
        }
        self.procedures = procedures
        self.versions = versions
    }

    enum Target {
        case procedure(RPCProcedure)
        case answer(Answer)
    }

    func target(of header: CallHeader) -> Target {
        let key = Key(
            program: header.program, version: header.version, procedure: header.procedure)
        if header.procedure != 0, let procedure = procedures[key] { return .procedure(procedure) }
        guard let known = versions[header.program], let low = known.min(), let high = known.max()
        else { return .answer(.programUnavailable) }
        guard known.contains(header.version) else {
            return .answer(.programMismatch(low: low, high: high))
        }
        return .answer(header.procedure == 0 ? .success([]) : .procedureUnavailable)
    }
}
