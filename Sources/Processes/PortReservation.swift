import Glibc

/// A TCP port that the kernel chose and that nobody else gets: bound with SO_REUSEADDR, but not
/// listening, so that the brick, which sets SO_REUSEADDR too, can bind it while it is held.
public final class PortReservation: Sendable {
    public let port: Int
    private let descriptor: Int32

    /// `range`: the kernel's own (`ip_local_port_range`) when nil.
    public init(in range: ClosedRange<Int>?) throws(ProcessError) {
        let candidates = range.map { range in
            (0..<Self.tries).map { _ in Int.random(in: range) }
        }
        for candidate in candidates ?? [0] {
            if let (descriptor, port) = Self.bindPort(candidate) {
                self.descriptor = descriptor
                self.port = port
                return
            }
        }
        throw .failed(call: "bind", errno: EADDRINUSE)
    }

    deinit { close(descriptor) }

    private static let tries = 100

    private static func bindPort(_ port: Int) -> (Int32, Int)? {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, length) == 0 && getsockname(descriptor, name, &length) == 0
            }
        }
        guard result else {
            close(descriptor)
            return nil
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Whether something listens on a port of this host.
    public static func isListening(on port: Int) -> Bool {
        guard let descriptor = connection(to: port) else { return false }
        close(descriptor)
        return true
    }

    /// A connection to a port of this host, of the caller's to close; nil when it is refused.
    public static func connection(to port: Int) -> Int32? {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, size)
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
