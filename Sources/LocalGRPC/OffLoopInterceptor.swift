import EventLoopTasks
public import GRPCCore

/// Runs the calls of some services off the event loops, on which a server's calls run else: they
/// wait for disks or other programs, or compute.
public struct OffLoopInterceptor: ServerInterceptor {
    private let services: Set<ServiceDescriptor>

    public init(_ services: Set<ServiceDescriptor>) { self.services = services }

    @concurrent public func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        guard services.contains(context.descriptor.service) else {
            return try await next(request, context)
        }
        return try await offEventLoops { try await next(request, context) }
    }
}
