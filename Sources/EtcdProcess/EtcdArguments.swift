/// The command line of one member of the Raft engine.
public struct EtcdArguments: Sendable {
    public var name: String
    public var clusterToken: String
    public var dataDirectory: String
    /// `host:port` for gd2-store; loopback.
    public var clientAddress: String
    /// `host:port` where other members are listened for.
    public var peerListenAddress: String
    /// `https://host:port` that other members are told.
    public var peerURL: String
    /// `NAME=URL` of all members, this one included. etcd reads it only at its very first start.
    public var initialCluster: [String]
    /// Whether the member joins others, who know it already.
    public var joins: Bool
    /// Whether it is the only node of its cluster.
    public var isAlone: Bool
    public var quotaBytes: Int
    /// For gd2-store's connections.
    public var certificates: EtcdCertificates
    /// Folder with `peer.pem` and `peer.key`, for other members' connections, and with the file of
    /// that name whose authorities may sign theirs.
    public var peerCertificates: String
    public var peerTrust: String

    public init(
        name: String, clusterToken: String, dataDirectory: String, clientAddress: String,
        peerListenAddress: String, peerURL: String, initialCluster: [String], joins: Bool,
        isAlone: Bool, quotaBytes: Int, certificates: EtcdCertificates, peerCertificates: String,
        peerTrust: String
    ) {
        self.name = name
        self.clusterToken = clusterToken
        self.dataDirectory = dataDirectory
        self.clientAddress = clientAddress
        self.peerListenAddress = peerListenAddress
        self.peerURL = peerURL
        self.initialCluster = initialCluster
        self.joins = joins
        self.isAlone = isAlone
        self.quotaBytes = quotaBytes
        self.certificates = certificates
        self.peerCertificates = peerCertificates
        self.peerTrust = peerTrust
    }

    static let dataFlag = "--data-dir="
    public static let peerTrustFlag = "--peer-trusted-ca-file="

    /// Revisions that a watch may fall behind before it has to list anew.
    private static let retainedRevisions = 10_000

    /// A member that is alone waits out an election that nobody contests before it serves, so the
    /// time for it is short. More members need etcd's own 100 and 1,000 ms.
    private var times: [String] {
        !isAlone ? [] : ["--heartbeat-interval=20", "--election-timeout=100"]
    }

    public var words: [String] {
        [
            "--name=\(name)", "\(Self.dataFlag)\(dataDirectory)",
            "--listen-client-urls=https://\(clientAddress)",
            "--advertise-client-urls=https://\(clientAddress)",
            "--listen-peer-urls=https://\(peerListenAddress)",
            "--initial-advertise-peer-urls=\(peerURL)",
            "--initial-cluster=\(initialCluster.joined(separator: ","))",
            "--initial-cluster-token=\(clusterToken)",
            "--initial-cluster-state=\(joins ? "existing" : "new")",
            "--client-cert-auth=true", "--trusted-ca-file=\(certificates.path("client-ca.pem"))",
            "--cert-file=\(certificates.path("server.pem"))",
            "--key-file=\(certificates.path("server.key"))",
            "--peer-client-cert-auth=true",
            "\(Self.peerTrustFlag)\(peerCertificates)/\(peerTrust)",
            "--peer-cert-file=\(peerCertificates)/peer.pem",
            "--peer-key-file=\(peerCertificates)/peer.key",
            "--auto-compaction-mode=revision",
            "--auto-compaction-retention=\(Self.retainedRevisions)",
            "--quota-backend-bytes=\(quotaBytes)", "--logger=zap", "--log-outputs=stderr",
            "--log-level=warn",
            // Else a member that was cut off deposes the leader when it is back, and changes fail.
            "--pre-vote=true",
        ] + times
    }
}
