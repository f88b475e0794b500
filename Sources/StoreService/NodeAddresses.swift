import Glibc

/// What this host can be called.
enum NodeAddresses {
    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// `configured` if there is one, then the addresses of the interfaces (IPv4 first, neither
    /// loopback nor link-local), the host's name, and loopback when there is nothing else.
    static func all(configured: String) -> [String] {
        var found: [String] = configured.isEmpty ? [] : [configured]
        let interfaces = interfaceAddresses()
        found += interfaces.filter { !$0.contains(":") } + interfaces.filter { $0.contains(":") }
        if found.isEmpty { found.append("127.0.0.1") }
        let name = hostName()
        if !name.isEmpty { found.append(name) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// The addresses that tell this machine from others: where gd2-store listens, where that is one
    /// (several nodes may share a machine), else those of the interfaces.
    static func ofMachine(listening host: String) -> [String] {
        let isOne = HostPort(host, defaultPort: 1)?.isAddress ?? false
        if isOne, !host.hasPrefix("127."), host != "::1" { return [host] }
        return interfaceAddresses()
    }

    private static func interfaceAddresses() -> [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var texts: [String] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                let address = entry.pointee.ifa_addr,
                let text = text(of: address)
            else { continue }
            texts.append(text)
        }
        return texts
    }

    private static func text(of address: UnsafeMutablePointer<sockaddr>) -> String? {
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                address, socklen_t(size), &buffer, socklen_t(buffer.count), nil, 0,
                NI_NUMERICHOST) == 0
        else { return nil }
        let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasPrefix("fe80:") || text.hasPrefix("169.254.") ? nil : text
    }
}
