public import Daemon

/// The settings of gd2-rest.
public struct RESTConfiguration: DaemonConfiguration {
    /// The last view of the store, and the certificate for HTTPS.
    public var stateDirectory = "/var/lib/gd2/rest"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var pmapSocket = "/run/gd2/pmap.sock"
    public var restSocket = "/run/gd2/rest.sock"
    /// Where gd2-pmap hands HTTP connections over.
    public var handoverSocket = "/run/gd2/handover.sock"
    /// Unix group whose members may do everything on `rest-socket`; root always may.
    public var adminGroup = "gluster"
    /// How long start and stop wait for the bricks.
    public var convergenceSeconds = 20
    /// PEM files of a certificate for HTTPS; empty: one of our own, made at first start.
    public var tlsCertificate = ""
    public var tlsKey = ""
    /// GlusterFS's folder that holds `xlator`; empty: the newest that is installed.
    public var xlatorFolder = ""

    public init() {}

    public func problems() -> [String] {
        var problems: [String] = []
        for (key, path) in [
            ("state-directory", stateDirectory), ("store-socket", storeSocket),
            ("brickd-socket", brickdSocket), ("pmap-socket", pmapSocket),
            ("rest-socket", restSocket), ("handover-socket", handoverSocket),
        ] where !path.hasPrefix("/") {
            problems.append("\(key) \"\(path)\" is no absolute path")
        }
        if !(1...600).contains(convergenceSeconds) {
            problems.append("convergence-seconds is \(convergenceSeconds), not 1 to 600")
        }
        if !xlatorFolder.isEmpty, !xlatorFolder.hasPrefix("/") {
            problems.append("xlator-folder \"\(xlatorFolder)\" is no absolute path")
        }
        if tlsCertificate.isEmpty != tlsKey.isEmpty {
            problems.append("tls-certificate and tls-key go together")
        }
        return problems
    }
}
