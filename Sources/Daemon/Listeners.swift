import CSystemd
import Glibc

/// A socket that a daemon listens on when systemd did not make it.
public enum ListenerAddress: Hashable, Sendable {
    /// `mode` of the socket's file; a stale file is replaced, one in use is an error.
    case unix(path: String, mode: UInt32)
    /// SOCK_SEQPACKET.
    case unixSequential(path: String, mode: UInt32)
    /// All addresses, IPv4 and IPv6, when `host` is empty; else an address of this host.
    /// Port 0: any.
    case tcp(host: String, port: Int)
    /// A raw netlink(7) socket of that protocol.
    case netlink(protocol: Int32)
}

public enum ListenerError: Error, Equatable, CustomStringConvertible {
    case inUse(String)
    case failed(String, call: String, errno: Int32)
    case badAddress(String)

    public var description: String {
        switch self {
        case .inUse(let what): "\(what) is in use: does this program run already?"
        case .failed(let what, let call, let code):
            "cannot listen on \(what): \(call): \(String(cString: strerror(code)))"
        case .badAddress(let what): "cannot listen on \(what): it is no address of this host"
        }
    }
}

/// The listening sockets of this process: those that systemd passed, by name, and our own.
struct Listeners {
    private var passed: [String: Int32] = [:]
    private static let backlog: Int32 = 4_096

    /// Takes what systemd passed (sd_listen_fds_with_names(3)); clears the environment of it.
    static func fromSystemd() -> Listeners {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        var listeners = Listeners()
        guard count > 0, let names else { return listeners }
        for index in 0..<Int(count) {
            guard let name = names[index] else { continue }
            listeners.passed[String(cString: name)] = SD_LISTEN_FDS_START + Int32(index)
            free(name)
        }
        free(names)
        return listeners
    }

    /// Whether systemd passed a socket of this name.
    func has(_ name: String) -> Bool { passed[name] != nil }

    /// The descriptor, non-blocking and close-on-exec, whose owner is the caller from now on.
    mutating func take(_ name: String, or address: ListenerAddress) throws(ListenerError) -> Int32 {
        if let descriptor = passed.removeValue(forKey: name) {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return descriptor
        }
        switch address {
        case .unix(let path, let mode):
            return try Self.listenUnix(path, mode, Int32(SOCK_STREAM.rawValue))
        case .unixSequential(let path, let mode):
            return try Self.listenUnix(path, mode, Int32(SOCK_SEQPACKET.rawValue))
        case .tcp(let host, let port): return try Self.listenTCP(host, port)
        case .netlink(let number):
            let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Self.flags, number)
            guard descriptor >= 0 else {
                throw .failed("netlink \(number)", call: "socket", errno: errno)
            }
            return descriptor
        }
    }

    private static func listenUnix(
        _ path: String, _ mode: UInt32, _ type: Int32
    ) throws(ListenerError) -> Int32 {
        let descriptor = socket(AF_UNIX, type | flags, 0)
        guard descriptor >= 0 else { throw .failed(path, call: "socket", errno: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            close(descriptor)
            throw .failed(path, call: "bind", errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        do { try checkIsStale(path, address, type) } catch {
            close(descriptor)
            throw error
        }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            close(descriptor)
            throw .failed(path, call: "bind: something else stands there", errno: EEXIST)
        }
        unlink(path)
        let old = umask(0o777 & ~mode_t(mode))
        let bound = withSocketAddress(address) { bind(descriptor, $0, $1) }
        umask(old)
        guard bound == 0 else {
            let code = errno
            close(descriptor)
            throw .failed(path, call: "bind", errno: code)
        }
        return try startListening(descriptor, path)
    }

    /// Only a socket that refuses a connection is stale.
    private static func checkIsStale(
        _ path: String, _ address: sockaddr_un, _ type: Int32
    ) throws(ListenerError) {
        let probe = socket(AF_UNIX, type | flags, 0)
        guard probe >= 0 else { throw .failed(path, call: "socket", errno: errno) }
        defer { close(probe) }
        guard withSocketAddress(address, { connect(probe, $0, $1) }) != 0 else {
            throw .inUse(path)
        }
        switch errno {
        case ECONNREFUSED, ENOENT: return
        // Its queue is full, or it is a socket of another type.
        case EAGAIN, EINPROGRESS, EPROTOTYPE: throw .inUse(path)
        case let code: throw .failed(path, call: "connect", errno: code)
        }
    }

    private static func listenTCP(_ host: String, _ port: Int) throws(ListenerError) -> Int32 {
        let what = "\(host.isEmpty ? "*" : host):\(port)"
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
        hints.ai_family = host.isEmpty ? AF_INET6 : AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host.isEmpty ? "::" : host, String(port), &hints, &found) == 0,
            let address = found
        else { throw .badAddress(what) }
        defer { freeaddrinfo(found) }
        let family = address.pointee.ai_family
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw .failed(what, call: "socket", errno: errno) }
        var on: Int32 = 1
        var off: Int32 = 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        if family == AF_INET6 && host.isEmpty {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4)
        }
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EADDRINUSE ? .inUse(what) : .failed(what, call: "bind", errno: code)
        }
        return try startListening(descriptor, what)
    }

    private static let flags =
        Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)

    private static func startListening(
        _ descriptor: Int32, _ what: String
    ) throws(ListenerError) -> Int32 {
        guard listen(descriptor, backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EADDRINUSE ? .inUse(what) : .failed(what, call: "listen", errno: code)
        }
        return descriptor
    }

    private static func withSocketAddress<Result>(
        _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
