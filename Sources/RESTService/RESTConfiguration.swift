public import Daemon

/// The settings of gd2-rest.
public struct RESTConfiguration: DaemonConfiguration {
    public var stateDirectory = "/var/lib/gd2/rest"
    public var storeSocket = "/run/gd2/store.sock"
    public var brickdSocket = "/run/gd2/brickd.sock"
    public var pmapSocket = "/run/gd2/pmap.sock"
    public var restSocket = "/run/gd2/rest.sock"
    public var handoverSocket = "/run/gd2/handover.sock"
    public var adminGroup = "gluster"
    public var convergenceSeconds = 20
    public var tlsCertificate = ""
    public var tlsKey = ""
    public var xlatorFolder = ""

    public static let meanings = [
        "state-directory": "Folder of the last view of the store, the certificate for HTTPS, the "
            + "secret of tokens and the cache of option tables.",
        "store-socket": "gd2-store's socket.",
        "brickd-socket": "gd2-brickd's socket.",
        "pmap-socket": "gd2-pmap's socket, for the clients of a volume.",
        "rest-socket": "The socket of glustercli and other local callers.",
        "handover-socket": "Where gd2-pmap hands HTTP connections over.",
        "admin-group": "Unix group whose members may do everything on rest-socket; root and "
            + "gd2-rest's own user always may.",
        "convergence-seconds": "Seconds, 1 to 600, that start and stop of a volume wait for its "
            + "bricks; above 60 the limit of a request comes first.",
        "tls-certificate": "PEM file of the certificate for HTTPS, goes with tls-key; empty: one "
            + "of our own. What stands in the file is read again at a reload.",
        "tls-key": "PEM file of its key.",
        "xlator-folder": "GlusterFS's folder of libraries, which holds xlator; empty: the newest "
            + "that is installed.",
    ]

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
