/// What a connection to the shared port speaks, from the bytes that came first.
enum FirstBytes: Equatable {
    case sunRPC
    /// HTTP in the clear or TLS: gd2-rest's.
    case http
    case tls
    case unknown

    /// Bytes of the longest thing that is told apart.
    static let needed = 3

    /// nil: more bytes are needed.
    init?(_ bytes: some Collection<UInt8>) {
        guard let first = bytes.first else { return nil }
        // A record mark has its highest bit set on the last fragment, which every GlusterFS process
        // sends alone; a first fragment of many begins with its length, so with a small byte.
        if first & 0x80 != 0 || first < 0x10 {
            self = .sunRPC
            return
        }
        guard bytes.count >= 2 else { return nil }
        let second = bytes[bytes.index(after: bytes.startIndex)]
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        switch (first, second) {
        case (0x16, 0x03): self = .tls
        case (letters, letters): self = .http
        default: self = .unknown
        }
    }
}
