import GD2Error

/// `--endpoint`, as what a request's path is put after.
enum EndpointURL {
    /// Throws `invalid`, saying what is accepted.
    static func base(_ endpoint: String) throws(GD2Error) -> String {
        if endpoint.hasPrefix("unix:/") {
            let socket = endpoint.dropFirst("unix:".count)
            return "http+unix://\(socket.replacing("/", with: "%2F"))"
        }
        for scheme in ["http://", "https://"] where endpoint.hasPrefix(scheme) {
            var rest = endpoint.dropFirst(scheme.count)
            if rest.hasSuffix("/") { rest.removeLast() }
            guard let (host, portText) = parts(rest) else {
                throw GD2Error(
                    .invalid,
                    "endpoint \"\(endpoint)\" is not of the form \(scheme)HOST:PORT (an IPv6 "
                        + "address: \(scheme)[ADDRESS]:PORT)")
            }
            guard let digits = portText else { return "\(scheme)\(host)" }
            guard let port = UInt16(digits), port > 0 else {
                throw GD2Error(
                    .invalid,
                    "endpoint \"\(endpoint)\" has no port from 1 to 65535: write "
                        + "\(scheme)HOST:PORT")
            }
            return "\(scheme)\(host):\(port)"
        }
        throw GD2Error(
            .invalid,
            "endpoint \"\(endpoint)\" is none of unix:/PATH, http://HOST:PORT or "
                + "https://HOST:PORT")
    }

    /// A host and what stands after its colon; nil: it is more or less than these.
    private static func parts(_ text: Substring) -> (host: Substring, port: Substring?)? {
        let host: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[...end]
            let address = host.dropFirst().dropLast()
            guard !address.isEmpty,
                address.utf8.allSatisfy({ $0.isDigitOrLetter || ".:%-_".utf8.contains($0) })
            else { return nil }
        } else {
            host = text.prefix { $0 != ":" }
            // Neither a path, a query, a fragment nor a password.
            guard !host.isEmpty,
                host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && !"/?#@\\[]".utf8.contains($0) })
            else { return nil }
        }
        let rest = text[host.endIndex...]
        guard let colon = rest.first else { return (host, nil) }
        let port = rest.dropFirst()
        guard colon == ":", !port.isEmpty, port.utf8.allSatisfy({ "-0123456789".utf8.contains($0) })
        else { return nil }
        return (host, port)
    }
}
