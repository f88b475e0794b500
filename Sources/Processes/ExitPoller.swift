import Glibc
import NIOPosix
import Polling
import Synchronization

/// One thread that polls all pidfds of this program.
final class ExitPoller: Sendable {
    static let shared = ExitPoller()

    private struct State {
        var watched: [Int32: @Sendable () -> Void] = [:]
        var isRunning = false
    }

    private let state = Mutex(State())
    /// Wakes the thread when there is one more.
    private let waker = PollWaker()

    func add(_ descriptor: Int32, _ ended: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.watched[descriptor] = ended
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return waker.wake() }
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        pool.submit { _ in self.pollForEver() }
    }

    private func pollForEver() {
        while true {
            let watched = state.withLock { Array($0.watched.keys) }
            var polled = watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled.append(pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0))
            guard poll(&polled, nfds_t(polled.count), waker.timeoutMs) > 0 else { continue }
            if polled.removeLast().revents != 0 { waker.clear() }
            for entry in polled where entry.revents != 0 {
                state.withLock { $0.watched.removeValue(forKey: entry.fd) }?()
            }
        }
    }
}
