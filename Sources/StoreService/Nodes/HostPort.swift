/// Where a service of another host is reached.
struct HostPort: Hashable, Sendable, CustomStringConvertible {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `HOST`, `HOST:PORT`, `[V6]:PORT` or a bare IPv6 address.
    init?(_ text: String, defaultPort: Int) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            host = String(text[text.index(after: text.startIndex)..<end])
            guard !rest.isEmpty else {
                port = defaultPort
                return
            }
            guard rest.hasPrefix(":"), let number = Self.port(rest.dropFirst()) else {
                return nil
            }
            port = number
        } else if text.split(separator: ":", omittingEmptySubsequences: false).count == 2 {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard let number = Self.port(parts[1]), !parts[0].isEmpty else { return nil }
            (host, port) = (String(parts[0]), number)
        } else {
            (host, port) = (text, defaultPort)
        }
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
    }

    /// Of digits alone: Int would also take a sign.
    private static func port(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
