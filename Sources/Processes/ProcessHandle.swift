import CLinux
import Glibc
import NIOCore
import NIOPosix

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

    /// Waits for its end on a thread of its own, and says how it ended when it was our child.
    /// Releases the handle.
    public func waitForExit() async -> String {
        let (descriptor, pid) = (descriptor, pid)
        return await withCheckedContinuation { continuation in
            // pidfds are pollable, but NIO polls only sockets and pipes.
            ExitPoller.shared.add(descriptor) {
                var status: Int32 = 0
                let reaped = waitpid(pid, &status, WNOHANG)
                close(descriptor)
                continuation.resume(returning: reaped == pid ? Self.text(status) : "it ended")
            }
        }
    }

    private static func text(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0
            ? "it exited with status \((status >> 8) & 0xff)" : "it was ended by signal \(signal)"
    }
}
