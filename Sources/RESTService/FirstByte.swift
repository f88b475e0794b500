import Glibc

/// gd2-pmap left the first bytes unread, so they tell here too what a connection speaks.
enum FirstByte {
    /// A TLS record of the handshake type (RFC 8446, section 5.1).
    static func isTLS(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) == 1 && byte == 0x16
    }
}
