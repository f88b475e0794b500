import SunRPC
public import XDR

/// A call that reached its procedure.
public struct RPCCall: Sendable {
    public var arguments: XDRReader
    public let connection: RPCConnection
}

/// One procedure: gives the reply's body, or nil where GlusterFS expects none. An ``XDRError`` is
/// answered with GARBAGE_ARGS, any other error with SYSTEM_ERR.
public struct RPCProcedure: Sendable {
    public var number: UInt32
    public var name: String
    let body: @Sendable (inout RPCCall) async throws -> [UInt8]?

    public init(
        _ number: UInt32, _ name: String,
        _ body: @escaping @Sendable (inout RPCCall) async throws -> [UInt8]?
    ) {
        self.number = number
        self.name = name
        self.body = body
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
    private let programs: [RPCProgram]

    public init(programs: [RPCProgram]) { self.programs = programs }

    enum Target {
        case procedure(RPCProcedure)
        case answer(Answer)
    }

    func target(of header: CallHeader) -> Target {
        let versions = programs.filter { $0.number == header.program }
        guard let low = versions.map(\.version).min(), let high = versions.map(\.version).max()
        else { return .answer(.programUnavailable) }
        guard let program = versions.first(where: { $0.version == header.version }) else {
            return .answer(.programMismatch(low: low, high: high))
        }
        if header.procedure == 0 { return .answer(.success([])) }
        guard let procedure = program.procedures[header.procedure] else {
            return .answer(.procedureUnavailable)
        }
        return .procedure(procedure)
    }
}
