/// Bounds of local gRPC.
public enum Limits {
    /// One message, request or answer. etcd's own limit of a request is 1.5 MiB.
    public static let messageBytes = 8 << 20
    static let streamsPerConnection = 1_000
    /// Between two attempts to reach a socket that refuses: cheap, and somebody waits for it.
    static let reconnectMinMs = 20
    static let reconnectMaxMs = 100
}
