import NIOCore

/// Bounds of listening.
enum Limits {
    /// Without a free descriptor nothing is accepted for this long.
    static let pause: TimeAmount = .milliseconds(500)
    /// What was accepted before the gate closed has reached its server by then.
    static let settleTime: Duration = .milliseconds(100)
}
