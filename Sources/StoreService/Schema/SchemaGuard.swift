import GRPCCore
import GlusterModel
import LocalGRPC
import Logging
import StoreSchema
import Synchronization

/// Which schema the store is in, what this node's programs say of their builds, and so who of them
/// may work with the store's records.
final class SchemaGuard: Sendable {
    static let program = "gd2-store"

    private struct State {
        /// Nil: it was not looked at in this run.
        var present: Int?
        /// Of the other programs of this node, in this run.
        var programs: [String: BuildReport] = [:]
        var refused: Set<String> = []
    }

    let build: SuiteBuild
    /// Whether no other program of the suite need be here.
    private let isWitness: Bool
    let log: Logger
    private let state = Mutex(State())

    init(build: SuiteBuild, isWitness: Bool, log: Logger) {
        self.build = build
        self.isWitness = isWitness
        self.log = log
    }

    var version: String { build.version }
    var present: Int? { state.withLock { $0.present } }

    /// Why this build may not work with the store's records; nil while nothing is known against it.
    var refusal: String? {
        present.flatMap { build.report.refusal(of: Self.program, at: $0) }
    }

    /// Takes what the store says; each refusal is logged once.
    func take(present: Int) {
        state.withLock { $0.present = present }
        if let refusal, isNews(refusal) {
            log.error("store's schema refused", metadata: ["error": "\(refusal)"])
        }
    }

    /// What this node's programs say, over what they had said `before`: one that is not up now
    /// comes back as it was.
    func programs(before: [String: BuildReport]) -> [String: BuildReport] {
        guard !isWitness else { return [Self.program: build.report] }
        var programs = before.merging(state.withLock { $0.programs }) { _, new in new }
        programs[Self.program] = build.report
        return programs
    }

    /// The newest schema that all programs read which were heard in this run.
    var newest: Int { programs(before: [:]).values.map(\.newest).min() ?? SchemaPlan.first }

    /// Why `caller` may not work with the store's records; nil when it may. Remembers its build.
    func refusal(of caller: LocalCaller) -> String? {
        if let refusal { return refusal }
        guard let said = caller.build.flatMap(CallerBuild.init), said.program != Self.program,
            caller.programs.contains(said.program)
        else {
            // Root's etcdctl says nothing of itself, nor do builds of before there were gates.
            guard !caller.programs.contains("admin"), let present else { return nil }
            return BuildReport(
                version: "of an older version", lowest: SchemaPlan.first,
                newest: SchemaPlan.newestUnsaid
            ).refusal(of: caller.programs.sorted().joined(separator: ", "), at: present)
        }
        let present = state.withLock { state in
            state.programs[said.program] = said.report
            return state.present
        }
        guard let present, let refusal = said.report.refusal(of: said.program, at: present) else {
            return nil
        }
        if isNews(refusal) {
            log.error(
                "program refused",
                metadata: ["program": "\(said.program)", "error": "\(refusal)"])
        }
        return refusal
    }

    private func isNews(_ refusal: String) -> Bool {
        state.withLock { $0.refused.insert(refusal).inserted }
    }
}

/// Keeps programs from records that they cannot read, and this node's programs from all records
/// while gd2-store itself cannot. Everything else is answered.
struct SchemaInterceptor: ServerInterceptor {
    let schema: SchemaGuard

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let refusal = schema.refusal(of: context.localCaller)
        guard Self.isOfRecords(context.descriptor) else { return try await next(request, context) }
        if let refusal { throw RPCError(code: .failedPrecondition, message: refusal) }
        guard schema.present != nil else {
            throw RPCError(code: .unavailable, message: "the store's schema is not known yet")
        }
        return try await next(request, context)
    }

    /// etcd's services, and the mirrors' stream.
    private static func isOfRecords(_ method: MethodDescriptor) -> Bool {
        method.service.fullyQualifiedService.hasPrefix("etcdserverpb.")
            || method.service.fullyQualifiedService == "gd2.store.v1.Store"
                && method.method == "Changes"
    }
}
