import CLinux
import Glibc

/// Wakes a thread that blocks in poll(2): its descriptor is polled beside the others.
public final class PollWaker: Sendable {
    /// Readable from ``wake()`` on, until ``clear()``. Negative, which poll(2) passes over, where
    /// there was no descriptor left.
    public let descriptor: Int32
    private static let patienceMs: Int32 = 50

    public init() { descriptor = gd2_eventfd() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// How long poll(2) may wait: for ever, or, where nothing can wake it, 50 ms.
    public var timeoutMs: Int32 { descriptor < 0 ? Self.patienceMs : -1 }

    public func wake() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
