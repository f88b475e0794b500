import Synchronization

/// Tells a thread that blocks in poll(2) to end.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)
    /// Wakes the thread when the flag is set; it stays readable.
    public let waker = PollWaker()

    public init() {}

    public var isSet: Bool { flag.load(ordering: .acquiring) }

    public func set() {
        flag.store(true, ordering: .releasing)
        waker.wake()
    }
}
