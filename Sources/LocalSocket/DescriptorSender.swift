import CLinux
import Glibc

/// Why a descriptor could not be handed over.
public enum HandoverError: Error, Equatable, CustomStringConvertible {
    case failed(call: String, errno: Int32)
    case refused

    public var description: String {
        switch self {
        case .failed(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .refused: "the receiver took no more connections"
        }
    }
}

/// Hands connected sockets to another program over a SEQPACKET socket (unix(7)): one a message,
/// acknowledged with a byte. Blocks, so it is called on a thread for that.
public struct DescriptorSender: Sendable {
    public let path: String
    private static let timeoutSeconds = 3

    public init(path: String) { self.path = path }

    /// The caller still owns `descriptor` and closes it.
    public func send(_ descriptor: Int32) throws(HandoverError) {
        let socket = try Self.socket()
        defer { close(socket) }
        var limit = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        try connect(socket)
        guard gd2_send_descriptor(socket, descriptor) == 0 else {
            throw .failed(call: "sendmsg", errno: errno)
        }
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, 0)
        guard count >= 0 else { throw .failed(call: "recv", errno: errno) }
        guard count == 1, byte == DescriptorReceiver.accepted else { throw .refused }
    }

    /// Waits a second for a free descriptor: who waits for an answer would be told that there is no
    /// receiver.
    private static func socket() throws(HandoverError) -> Int32 {
        let end = ContinuousClock.now + .seconds(1)
        while true {
            let socket = Glibc.socket(
                AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            if socket >= 0 { return socket }
            let code = errno
            guard code == EMFILE || code == ENFILE, ContinuousClock.now < end else {
                throw .failed(call: "socket", errno: code)
            }
            usleep(20_000)
        }
    }

    private func connect(_ socket: Int32) throws(HandoverError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .failed(call: "connect", errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, size)
            }
        }
        guard result == 0 else { throw .failed(call: "connect", errno: errno) }
    }
}
