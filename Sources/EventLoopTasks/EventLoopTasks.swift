public import NIOCore
public import NIOPosix
import Synchronization

/// For HTTP connections, each of which is served on its own loop: as many threads as there are
/// cores, up to 4.
public let httpLoops = MultiThreadedEventLoopGroup(
    numberOfThreads: max(1, min(4, System.coreCount)))

/// Runs `body`, and the child tasks that it makes, on the thread of `loop`: what comes from one of
/// its sockets is answered there, and no other thread is woken for each message, which costs some
/// 50 µs each way (docs/decisions/0047-event-loop-tasks.md). Whatever waits for a disk or computes
/// for long belongs into ``offEventLoops(_:)``: it would keep all of the loop's connections
/// waiting.
public nonisolated(nonsending) func onEventLoop<Result, Failure: Error>(
    of loop: any EventLoop, _ body: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
    try await prefer(EventLoopExecutor(loop), body)
}

/// The same on the process's own loop, of which gRPC's connections are.
public nonisolated(nonsending) func onEventLoop<Result, Failure: Error>(
    _ body: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
    try await onEventLoop(of: MultiThreadedEventLoopGroup.singleton.next(), body)
}

/// Runs `body`, and the child tasks that it makes, on the threads that may block and compute.
public nonisolated(nonsending) func offEventLoops<Result, Failure: Error>(
    _ body: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
    try await prefer(globalConcurrentExecutor, body)
}

/// A preference holds from the next switch of executors on, so each side begins with one.
private nonisolated(nonsending) func prefer<Result, Failure: Error>(
    _ executor: any TaskExecutor, _ body: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
    do throws(Failure) {
        let result = try await withTaskExecutorPreference(executor) { () throws(Failure) in
            await enterPreferred()
            return try await body()
        }
        await enterPreferred()
        return result
    } catch {
        await enterPreferred()
        throw error
    }
}

/// The count keeps the compiler from leaving the switch out.
@concurrent private func enterPreferred() async {
    switches.wrappingAdd(1, ordering: .relaxed)
}

private let switches = Atomic(0)

private final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
