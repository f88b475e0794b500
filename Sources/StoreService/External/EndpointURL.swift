/// Where an external etcd answers: `https://HOST:PORT`, or `http://HOST:PORT`, which anybody on the
/// way can read and change.
struct EndpointURL: Hashable, Sendable, CustomStringConvertible {
    var isEncrypted: Bool
    var place: HostPort

    /// Nil for what is no such URL; a path behind the port is none.
    init?(_ text: String) {
        let schemes = [("https://", true), ("http://", false)]
        guard let (scheme, isEncrypted) = schemes.first(where: { text.hasPrefix($0.0) }) else {
            return nil
        }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/?#@, ".contains($0) }),
            let place = HostPort(String(rest), defaultPort: 2_379)
        else { return nil }
        self.isEncrypted = isEncrypted
        self.place = place
    }

    var isLoopback: Bool {
        ["localhost", "::1"].contains(place.host)
            || (place.host.hasPrefix("127.") && place.isAddress)
    }

    var description: String { (isEncrypted ? "https://" : "http://") + place.description }
}

extension HostPort {
    /// Whether the host is an IP address and no name.
    var isAddress: Bool {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
    }
}

extension StoreConfiguration {
    static let externalMeanings = [
        "etcd-endpoints": "URLs of an etcd that others run, as https://HOST:PORT, which then has "
            + "the store, instead of etcds of gd2's own. Where the cluster's own etcds have a "
            + "store already, see \"External etcd\" in docs/cluster.md first.",
        "etcd-ca": "PEM file of the authorities that sign the certificates of etcd-endpoints; "
            + "empty: those that the host trusts. This and the two below are read at the start.",
        "etcd-certificate": "PEM file of the certificate that is shown to etcd-endpoints; its "
            + "common name is etcd's user, where etcd has users. Empty: none is shown.",
        "etcd-key": "PEM file of its key.",
        "etcd-insecure": "Whether etcd-endpoints may be http:// on other hosts than this one. "
            + "Who is on the way can then read and change everything, secrets included.",
    ]

    var isExternal: Bool { !etcdEndpoints.isEmpty }

    /// Those of `etcd-endpoints` that are well formed.
    var endpointURLs: [EndpointURL] { etcdEndpoints.compactMap(EndpointURL.init) }

    /// What is wrong with the settings of an external etcd.
    func externalProblems() -> [String] {
        var problems: [String] = []
        let files = [
            ("etcd-ca", etcdCa), ("etcd-certificate", etcdCertificate), ("etcd-key", etcdKey),
        ]
        for (key, path) in files where !path.isEmpty && !path.hasPrefix("/") {
            problems.append("\(key) \"\(path)\" is no absolute path")
        }
        if etcdCertificate.isEmpty != etcdKey.isEmpty {
            problems.append("etcd-certificate and etcd-key go together: one of them is empty")
        }
        guard isExternal else {
            for (key, path) in files where !path.isEmpty {
                problems.append("\(key) is set, but no etcd-endpoints")
            }
            return problems
        }
        if etcdEndpoints.count > Limits.endpointsMax {
            problems.append(
                "etcd-endpoints are \(etcdEndpoints.count), more than \(Limits.endpointsMax)")
        }
        if Set(endpointURLs).count < endpointURLs.count {
            problems.append("etcd-endpoints names one of them twice")
        }
        for text in etcdEndpoints {
            guard let url = EndpointURL(text) else {
                problems.append("etcd-endpoints \"\(text)\" is not https://HOST:PORT")
                continue
            }
            if !url.isEncrypted, !url.isLoopback, !etcdInsecure {
                problems.append(
                    "etcd-endpoints \"\(text)\" is not encrypted and not on this host: use "
                        + "https://, or set etcd-insecure = true, which lets whoever is on the "
                        + "way read and change everything")
            }
        }
        return problems
    }
}
