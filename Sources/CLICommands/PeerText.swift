import RESTAPI

/// Peers as people read them.
enum PeerText {
    static func status(_ peers: [PeerInfo]) -> String {
        Table(
            headers: ["NAME", "ID", "ROLE", "REACHABLE", "CLOCK SKEW", "LAST HEARD", "REASON"],
            rows: peers.map { peer in
                [
                    peer.name, peer.id, peer.role ?? "-",
                    peer.isSelf == true ? "yes (this node)" : peer.online ? "yes" : "no",
                    peer.isSelf == true ? "-" : peer.clockSkewMs.map(skew) ?? "-",
                    peer.isSelf == true
                        ? "-"
                        : peer.heardSecondsAgo.map { "\(TimeText.short($0)) ago" } ?? "-",
                    peer.message ?? "-",
                ]
            }
        ).text
            + peers.flatMap { peer in
                (left(peer) + fences(peer)).map { "\(peer.name): \($0)\n" }
            }.joined()
    }

    /// What was changed without the peer.
    private static func fences(_ peer: PeerInfo) -> [String] {
        (peer.fences ?? []).map { fence in
            "is fenced: volume \(fence.volume) was changed without it at \(fence.since) by "
                + "\(fence.by) (job \(fence.job)); start it only where it reaches the others"
        }
    }

    /// What the peer cleans up when it is back.
    private static func left(_ peer: PeerInfo) -> [String] {
        (peer.leftToClean ?? []).map { left in
            let since = left.since.map { " since \($0)" } ?? ""
            return "has to clean up \(left.bricks.joined(separator: ", ")) of volume "
                + "\(left.volume) when it is back (job \(left.job)\(since))"
        }
    }

    static func list(_ peers: [PeerInfo]) -> String {
        Table(
            headers: ["ID", "NAME", "ONLINE", "ADDRESSES"],
            rows: peers.map {
                [
                    $0.id, $0.name, $0.online ? "yes" : "no",
                    $0.clientAddresses.joined(separator: ","),
                ]
            }
        ).text
    }

    static func show(_ peer: PeerInfo) -> String {
        var lines = [
            ("Name", peer.name), ("ID", peer.id), ("Online", peer.online ? "yes" : "no"),
            ("Role", peer.role ?? "unknown"), ("Zone", peer.zone ?? "-"),
            ("Addresses", peer.peerAddresses.joined(separator: ", ")),
            ("Client addresses", peer.clientAddresses.joined(separator: ", ")),
        ]
        if let version = peer.version { lines.append(("Version", version)) }
        if peer.isSelf != true {
            if let skewMs = peer.clockSkewMs { lines.append(("Clock skew", skew(skewMs))) }
            if let ago = peer.heardSecondsAgo {
                lines.append(("Last heard", "\(TimeText.short(ago)) ago"))
            }
        }
        if let message = peer.message { lines.append(("Reason", message)) }
        lines += left(peer).map { ("Left", $0) }
        lines += fences(peer).map { ("Fence", $0) }
        for (key, value) in peer.metadata.sorted(by: { $0.key < $1.key })
        where !key.hasPrefix("_") {
            lines.append(("Metadata", "\(key)=\(value)"))
        }
        return lines.map { "\($0.0): \($0.1)\n" }.joined()
    }

    static func tokens(_ tokens: [TokenInfo]) -> String {
        Table(
            headers: ["ID", "CREATED", "EXPIRES", "USES LEFT"],
            rows: tokens.map {
                [$0.id, TimeText.utc($0.created), TimeText.utc($0.expires), "\($0.usesLeft)"]
            }
        ).text
    }

    /// With its sign: above zero, the peer's clock is ahead.
    static func skew(_ ms: Int64) -> String {
        let size = ms.magnitude
        let sign = ms < 0 ? "-" : "+"
        return size < 1_000
            ? "\(sign)\(size) ms" : "\(sign)\(size / 1_000).\(size % 1_000 / 100) s"
    }
}
