import EventLoopTasks
import NIOCore
import NIOPosix
import Testing

@Suite struct EventLoopTasksTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    @Test func aBodyAndItsChildTasksRunOnTheLoop() async throws {
        let loop = group.next()
        let (body, child) = await onEventLoop(of: loop) {
            let body = loop.inEventLoop
            await Task.yield()
            async let child = loop.inEventLoop
            return (body && loop.inEventLoop, await child)
        }
        #expect(body)
        #expect(child)
        #expect(!loop.inEventLoop)
    }

    @Test func whatBlocksRunsElsewhere() async throws {
        let loop = group.next()
        let (off, after) = await onEventLoop(of: loop) {
            let off = await offEventLoops { loop.inEventLoop }
            return (off, loop.inEventLoop)
        }
        #expect(!off)
        #expect(after)
    }

    @Test func afterAnErrorToo() async throws {
        let loop = group.next()
        let after = await onEventLoop(of: loop) {
            do { try await offEventLoops { throw CancellationError() } } catch {}
            return loop.inEventLoop
        }
        #expect(after)
        #expect(!loop.inEventLoop)
    }

    @Test func eachConnectionMayHaveALoopOfItsOwn() async throws {
        let (one, other) = (group.next(), group.next())
        let inner = await onEventLoop(of: one) {
            await onEventLoop(of: other) { (one.inEventLoop, other.inEventLoop) }
        }
        #expect(inner == (false, true))
    }
}
