/// The command line of a member of a cluster of one.
public struct EtcdArguments: Sendable {
    public var name: String
    public var clusterToken: String
    public var dataDirectory: String
    /// `host:port` for gd2-store; loopback.
    public var clientAddress: String
    /// `host:port` for other members.
    public var peerAddress: String
    public var quotaBytes: Int
    public var certificates: EtcdCertificates

    public init(
        name: String, clusterToken: String, dataDirectory: String, clientAddress: String,
        peerAddress: String, quotaBytes: Int, certificates: EtcdCertificates
    ) {
        self.name = name
        self.clusterToken = clusterToken
        self.dataDirectory = dataDirectory
        self.clientAddress = clientAddress
        self.peerAddress = peerAddress
        self.quotaBytes = quotaBytes
        self.certificates = certificates
    }

    /// Revisions that a watch may fall behind before it has to list anew.
    private static let retainedRevisions = 10_000

    /// A member that is alone waits out an election that nobody contests before it serves, so the
    /// time for it is short. More members need etcd's own 100 and 1,000 ms.
    private static let aloneTimes = ["--heartbeat-interval=20", "--election-timeout=100"]

    public var words: [String] {
        [
            "--name=\(name)", "--data-dir=\(dataDirectory)",
            "--listen-client-urls=https://\(clientAddress)",
            "--advertise-client-urls=https://\(clientAddress)",
            "--listen-peer-urls=https://\(peerAddress)",
            "--initial-advertise-peer-urls=https://\(peerAddress)",
            "--initial-cluster=\(name)=https://\(peerAddress)",
            "--initial-cluster-token=\(clusterToken)", "--initial-cluster-state=new",
            "--client-cert-auth=true", "--trusted-ca-file=\(certificates.path("client-ca.pem"))",
            "--cert-file=\(certificates.path("server.pem"))",
            "--key-file=\(certificates.path("server.key"))",
            "--peer-client-cert-auth=true",
            "--peer-trusted-ca-file=\(certificates.path("peer-ca.pem"))",
            "--peer-cert-file=\(certificates.path("peer.pem"))",
            "--peer-key-file=\(certificates.path("peer.key"))",
            "--auto-compaction-mode=revision",
            "--auto-compaction-retention=\(Self.retainedRevisions)",
            "--quota-backend-bytes=\(quotaBytes)", "--logger=zap", "--log-outputs=stderr",
            "--log-level=warn",
        ] + Self.aloneTimes
    }
}
