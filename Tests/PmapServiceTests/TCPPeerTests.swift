import Glibc
import RPCTransport
import Testing

@testable import PmapService

/// Sockets of this process, of root and of another user. Needs root, as all tests do.
@Suite struct TCPPeerTests {
    private static let nobody: uid_t = 65_534
    private let peers: TCPPeer

    init() throws {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Self.nonBlocking, 4)
        try #require(descriptor >= 0)
        peers = TCPPeer(owners: SocketOwners(descriptor: descriptor))
    }

    @Test(arguments: [AF_INET, AF_INET6])
    func rootIsTrustedAndNobodyElse(family: Int32) throws {
        let door = try Door()
        let root = try door.connect(family: family, as: 0)
        let other = try door.connect(family: family, as: Self.nobody)
        defer { close([root.near, root.far, other.near, other.far]) }
        #expect(peers.of(root.far).isTrusted)
        #expect(!peers.of(other.far).isTrusted)
        #expect(!TCPPeer(owners: nil).of(root.far).isTrusted)
    }

    @Test func rootIsFoundAmongManyConnections() throws {
        let door = try Door()
        let crowd = try (0..<300).map { _ in try door.connect(family: AF_INET, as: Self.nobody) }
        let root = try door.connect(family: AF_INET, as: 0)
        defer { close(crowd.flatMap { [$0.near, $0.far] } + [root.near, root.far]) }
        #expect(peers.of(root.far).isTrusted)
        #expect(crowd.allSatisfy { !peers.of($0.far).isTrusted })
    }

    /// The kernel calls what waits for a closed connection's end root's.
    @Test func whoHasGoneIsNotTrusted() throws {
        let door = try Door()
        let pair = try door.connect(family: AF_INET, as: Self.nobody)
        Glibc.close(pair.near)
        #expect(!peers.of(pair.far).isTrusted)
        Glibc.shutdown(pair.far, Int32(SHUT_WR))
        #expect(!peers.of(pair.far).isTrusted)
        Glibc.close(pair.far)
    }

    /// The kernel names who listens on a port where no connection has it.
    @Test func whoListensIsNotTakenForWhoIsConnected() throws {
        let door = try Door()
        let other = try Door()
        let owners = try #require(peers.owners)
        let loopback: [UInt8] = SocketName.mappedPrefix + [127, 0, 0, 1]
        let listening = SocketName(address: loopback, port: door.port)
        let elsewhere = SocketName(address: loopback, port: other.port)
        #expect(owners.uid(of: listening, connectedTo: elsewhere) == nil)
    }

    private static var nonBlocking: Int32 { Int32(SOCK_NONBLOCK.rawValue) }

    private func close(_ descriptors: [Int32]) {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }
}

/// A listening socket on all addresses, as gd2-pmap's.
private final class Door {
    struct Failure: Error { var call: String }

    private let listener: Int32
    private(set) var port: UInt16 = 0

    init() throws {
        listener = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var off: Int32 = 0
        setsockopt(listener, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        var length = size
        let listener = self.listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 1_000) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw Failure(call: "bind") }
        port = UInt16(bigEndian: address.sin6_port)
    }

    deinit { Glibc.close(listener) }

    /// The ends of a connection over loopback: `near` is that user's.
    func connect(family: Int32, as uid: uid_t) throws -> (near: Int32, far: Int32) {
        let near = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard fchown(near, uid, gid_t.max) == 0 else { throw Failure(call: "fchown") }
        let connected = family == AF_INET ? connectIPv4(near) : connectIPv6(near)
        guard connected else { throw Failure(call: "connect") }
        let far = accept(listener, nil, nil)
        guard far >= 0 else { throw Failure(call: "accept") }
        return (near, far)
    }

    private func connectIPv4(_ descriptor: Int32) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return connect(descriptor, &address, MemoryLayout<sockaddr_in>.size)
    }

    private func connectIPv6(_ descriptor: Int32) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return connect(descriptor, &address, MemoryLayout<sockaddr_in6>.size)
    }

    private func connect<Address>(
        _ descriptor: Int32, _ address: inout Address, _ size: Int
    ) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(size)) == 0
            }
        }
    }
}
