extension OptionSpecials {
    /// What options do that no xlator describes: switches that special code reads, and those of
    /// daemons.
    static let descriptions: [String: String] = [
        "auth.allow": "Which clients may reach the bricks; root of the nodes always may.",
        "auth.reject": "Which clients may not reach the bricks, whatever auth.allow says.",
        "client.ssl": "Whether clients speak TLS with the bricks; server.ssl has to be the same.",
        "server.ssl": "Whether bricks speak TLS with their clients; client.ssl has to be the same.",
        "performance.write-behind":
            "Whether clients collect writes, and answer them before the bricks have.",
        "performance.read-ahead": "Whether clients read ahead in files that are read in order.",
        "performance.readdir-ahead": "Whether clients read ahead in directories that are listed.",
        "performance.io-cache": "Whether clients keep what was read of files for the next reader.",
        "performance.open-behind":
            "Whether clients open a file at the bricks only when it is read or written.",
        "performance.quick-read":
            "Whether clients keep small files whole, which come with the lookup.",
        "performance.nl-cache": "Whether clients remember which names do not exist.",
        "performance.stat-prefetch":
            "Whether clients keep metadata and extended attributes of files for a while.",
        "performance.client-io-threads":
            "Whether clients work on several requests at once, in threads of their own.",
        "performance.qr-cache-timeout":
            "For how many seconds quick-read keeps a file before it asks the bricks again.",
        "transport.listen-backlog": "How many connections may wait for a brick to accept them.",
        "features.uss":
            "Whether users see the volume's snapshots in a directory; gd2 does not have it.",
        "features.snapshot-directory":
            "The name of the directory in which users see snapshots (features.uss).",
        "network.compression":
            "Whether clients and bricks compress what they send; gd2 does not have it.",
        "config.gfproxyd":
            "Whether a daemon on the nodes does the clients' work; gd2 does not have it.",
        "cluster.brick-multiplex":
            "Whether one process serves several bricks; gd2 does not have it.",
        "cluster.enable-shared-storage":
            "Whether the nodes share a volume for files of their own; gd2 does not have it.",
        "cluster.max-bricks-per-process":
            "How many bricks one process serves at most; gd2 has one process for each brick.",
        "cluster.server-quorum-type":
            "It has no effect: bricks go on without the quorum of servers.",
    ]
}
