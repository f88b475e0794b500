import GRPCCore

/// Refuses every call with one reason, but for the question how the store is, whose answer has it
/// too.
struct RefusalInterceptor: ServerInterceptor {
    let refusal: String

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        let method = context.descriptor
        if method.service.fullyQualifiedService == "gd2.store.v1.Store", method.method == "Status" {
            return try await next(request, context)
        }
        throw RPCError(code: .failedPrecondition, message: refusal)
    }
}
