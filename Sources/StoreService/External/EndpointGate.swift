import GRPCCore
import Synchronization

/// Lets calls to one endpoint pass only while the etcd there is the cluster's.
final class EndpointGate: ClientInterceptor {
    /// Set around the calls that find that out.
    @TaskLocal static var isLooking = false

    private let closed = Mutex<String?>("it was not asked yet")

    /// Why it is closed; nil: it is open.
    var reason: String? {
        get { closed.withLock { $0 } }
        set { closed.withLock { $0 = newValue } }
    }

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingClientRequest<Input>, context: ClientContext,
        next:
            @concurrent (StreamingClientRequest<Input>, ClientContext) async throws ->
            StreamingClientResponse<Output>
    ) async throws -> StreamingClientResponse<Output> {
        if !Self.isLooking, let reason { throw RPCError(code: .unavailable, message: reason) }
        return try await next(request, context)
    }
}
