import EventLoopTasks
import GRPCCore
import LocalGRPC
import NIOCore
import NIOPosix
import Testing

@Suite struct OffLoopInterceptorTests {
    private static let slow = ServiceDescriptor(fullyQualifiedService: "a.Slow")

    /// Whether a call of `service`, which comes on a loop, is carried out there, and goes on there.
    private static func isOnLoop(_ service: String) async throws -> (call: Bool, after: Bool) {
        let loop = httpLoops.next()
        return try await onEventLoop(of: loop) {
            let (calls, call) = AsyncStream.makeStream(of: Bool.self)
            try await withServerContextRPCCancellationHandle { cancellation in
                let context = ServerContext(
                    descriptor: MethodDescriptor(fullyQualifiedService: service, method: "M"),
                    remotePeer: "there", localPeer: "here", cancellation: cancellation)
                let request = StreamingServerRequest<Int>(
                    metadata: [:],
                    messages: RPCAsyncSequence(wrapping: AsyncThrowingStream { nil }))
                _ = try await OffLoopInterceptor([slow]).intercept(
                    request: request, context: context
                ) { _, _ in
                    call.yield(loop.inEventLoop)
                    return StreamingServerResponse<Int>(metadata: [:]) { _ in [:] }
                }
            }
            call.finish()
            let isOn = await calls.reduce(false) { $1 }
            return (isOn, loop.inEventLoop)
        }
    }

    @Test func whatWaitsForDisksLeavesTheLoop() async throws {
        let slow = try await Self.isOnLoop("a.Slow")
        #expect(!slow.call && slow.after)
        let other = try await Self.isOnLoop("a.Quick")
        #expect(other.call && other.after)
    }
}
