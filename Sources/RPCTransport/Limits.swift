/// Bounds of the SunRPC transport.
public enum Limits {
    /// One record. The longest thing that GlusterFS sends here is a SIGNIN with a path.
    public static let recordBytes = 1 << 20
    /// Records of all connections that are not complete; beyond it those above
    /// `partialBytesFree` end.
    static let partialBytes = 64 << 20
    static let partialBytesFree = 8 << 10
    /// A record that has begun is complete within this time, or the connection ends.
    static let partialRecordSeconds: Int64 = 30
    /// One call is answered within this time, at worst with SYSTEM_ERR.
    static let callSeconds = 30
    /// Answers are sent when they are so many bytes together, at the latest when all is answered
    /// that one read gave.
    static let answerBytes = 64 << 10
    /// Of a connection whose calls wait for this much no more is read.
    static let waitingBytes = 64 << 10
    static let backlog: Int32 = 4_096
    /// Open connections over TCP; one more is closed at once.
    public static let connectionsMax = 20_000
}
