import CLinux
import Glibc

func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A process, held by pidfd so that its number cannot come to mean another.
public struct ProcessHandle: Sendable {
    public let pid: Int32
    private let descriptor: Int32

    /// nil when there is no such process any more.
    public init?(pid: Int32) {
        descriptor = gd2_pidfd_open(pid)
        guard descriptor >= 0 else { return nil }
        self.pid = pid
    }

    @discardableResult
    public func signal(_ number: Int32) -> Bool { gd2_pidfd_signal(descriptor, number) == 0 }

    /// Signals a process that nobody follows.
    public static func signalOnce(_ number: Int32, pid: Int32) {
        guard let handle = ProcessHandle(pid: pid) else { return }
        handle.signal(number)
        close(handle.descriptor)
    }

    /// Waits for its end, and says how it ended when it was our child. Releases the handle. Nil
    /// when the task was cancelled; the process runs on.
    public func waitForExit() async -> String? {
        let (ends, continuation) = AsyncStream.makeStream(of: String.self)
        let (descriptor, pid) = (descriptor, pid)
        // pidfds are pollable, but NIO polls only sockets and pipes.
        ExitPoller.shared.add(descriptor) {
            var status: Int32 = 0
            let reaped = waitpid(pid, &status, WNOHANG)
            continuation.yield(reaped == pid ? Self.text(status) : "it ended")
            continuation.finish()
        }
        for await end in ends {
            close(descriptor)
            return end
        }
        return nil
    }

    private static func text(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0
            ? "it exited with status \((status >> 8) & 0xff)" : "it was ended by signal \(signal)"
    }
}
