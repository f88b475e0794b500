import Glibc
import GlusterXDR
import NIOPosix
import Processes
import SunRPC

/// Asks a brick whether it serves. Its port says little: glusterfsd listens a while before it lets
/// clients in, and closes what connects until then (server.c, server_rpc_notify).
enum BrickProbe {
    /// Whether the brick on `port` of this host answers a DUMP, as clients send it first.
    static func serves(port: Int) async -> Bool {
        let answer = try? await NIOThreadPool.singleton.runIfActive { ask(port) }
        return answer ?? false
    }

    private static func ask(_ port: Int) -> Bool {
        guard let descriptor = PortReservation.connection(to: port) else { return false }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: Limits.probeSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let header = CallHeader(
            xid: 1, program: Programs.dump, version: 1, procedure: Programs.Dump.dump)
        let call = callRecord(header, body: [0, 0, 0, 0, 0, 0, 0, 0])
        let mark = UInt32(0x8000_0000) | UInt32(call.count)
        let record = withUnsafeBytes(of: mark.bigEndian) { Array($0) } + call
        guard send(descriptor, record, record.count, Int32(MSG_NOSIGNAL)) == record.count else {
            return false
        }
        var reply: UInt8 = 0
        return recv(descriptor, &reply, 1, 0) == 1
    }
}
