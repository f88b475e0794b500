import CLinux
import Glibc
import Synchronization

/// Whose the sockets of this host are, as the kernel says it of one at a time (sock_diag(7)): its
/// table in `/proc/net` takes longer to read the more connections there are.
final class SocketOwners: Sendable {
    private let descriptor: Int32
    private let sequence = Mutex<UInt32>(0)

    /// Owns `descriptor`, a non-blocking socket of the protocol NETLINK_SOCK_DIAG.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The uid of the TCP socket with that name here; nil when there is none that anybody has open.
    func uid(of remote: SocketName, connectedTo local: SocketName) -> UInt32? {
        sequence.withLock { sequence in
            sequence &+= 1
            guard ask(inet_diag_sockid(remote, local), sequence) else { return nil }
            guard let found = answer(to: sequence) else { return nil }
            // Where no connection is, the kernel names who listens; who closed it has no inode.
            guard found.names == (remote, local), found.message.idiag_inode != 0 else { return nil }
            return found.message.idiag_uid
        }
    }

    private func ask(_ id: inet_diag_sockid, _ sequence: UInt32) -> Bool {
        var call = Request()
        call.header.nlmsg_len = UInt32(MemoryLayout<Request>.size)
        call.header.nlmsg_type = UInt16(SOCK_DIAG_BY_FAMILY)
        call.header.nlmsg_flags = UInt16(NLM_F_REQUEST)
        call.header.nlmsg_seq = sequence
        // The kernel looks for IPv4 where an IPv6 address is a mapped one.
        call.question.sdiag_family = UInt8(AF_INET6)
        call.question.sdiag_protocol = UInt8(IPPROTO_TCP)
        call.question.idiag_states = .max
        call.question.id = id
        return withUnsafeBytes(of: &call) { bytes in
            send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
                == bytes.count
        }
    }

    /// It is there when send(2) returns; what is there of an earlier question is passed over.
    private func answer(to sequence: UInt32) -> Answer? {
        var buffer = [UInt8](repeating: 0, count: Limits.diagnosisBytes)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EINTR { continue }
            guard count >= MemoryLayout<nlmsghdr>.size else { return nil }
            let header = buffer.withUnsafeBytes { $0.loadUnaligned(as: nlmsghdr.self) }
            guard header.nlmsg_seq == sequence else { continue }
            guard header.nlmsg_type == UInt16(SOCK_DIAG_BY_FAMILY),
                count >= MemoryLayout<Answer>.size
            else { return nil }
            return buffer.withUnsafeBytes { $0.loadUnaligned(as: Answer.self) }
        }
    }

    private struct Request {
        var header = nlmsghdr()
        var question = inet_diag_req_v2()
    }

    private struct Answer {
        var header: nlmsghdr
        var message: inet_diag_msg

        /// Source and destination.
        var names: (SocketName, SocketName) {
            (
                name(message.id.idiag_src, message.id.idiag_sport),
                name(message.id.idiag_dst, message.id.idiag_dport)
            )
        }

        private func name<Words>(_ words: Words, _ port: UInt16) -> SocketName {
            let bytes = withUnsafeBytes(of: words) { Array($0) }
            let isIPv4 = Int32(message.idiag_family) == AF_INET
            return SocketName(
                address: isIPv4 ? SocketName.mappedPrefix + bytes.prefix(4) : bytes,
                port: UInt16(bigEndian: port))
        }
    }
}

extension inet_diag_sockid {
    /// Of the socket that is called `source` and is connected to `destination`.
    fileprivate init(_ source: SocketName, _ destination: SocketName) {
        self.init()
        idiag_sport = source.port.bigEndian
        idiag_dport = destination.port.bigEndian
        withUnsafeMutableBytes(of: &idiag_src) { $0.copyBytes(from: source.address) }
        withUnsafeMutableBytes(of: &idiag_dst) { $0.copyBytes(from: destination.address) }
        // INET_DIAG_NOCOOKIE: any.
        idiag_cookie = (.max, .max)
    }
}
