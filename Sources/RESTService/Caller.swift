import Crypto
import FoundationEssentials
import GD2Error
import Glibc
import Hexadecimal
import JWTKit
import NIOCore

/// Who sends a request.
struct Caller: Sendable {
    enum Origin: Sendable, Hashable {
        /// `rest.sock`: the kernel says which user.
        case local(uid: UInt32, gid: UInt32)
        /// A connection that gd2-pmap handed over: a token says it.
        case network(String)
    }

    var origin: Origin

    var description: String {
        switch origin {
        case .local(let uid, _): "uid \(uid)"
        case .network(let address): address
        }
    }

    private struct Kernel {
        var pid: Int32 = 0
        var uid: UInt32 = .max
        var gid: UInt32 = .max
    }

    /// The other end of a Unix socket; the kernel is asked once for each connection. On the
    /// channel's event loop.
    static func local(_ channel: any Channel) async throws -> Caller {
        if let known = try? channel.pipeline.syncOperations.handler(type: Known.self) {
            return known.caller
        }
        let caller = try await ask(channel)
        try channel.pipeline.syncOperations.addHandler(Known(caller))
        return caller
    }

    /// Keeps in a connection's pipeline who is at its other end. NIO takes no handler that handles
    /// nothing.
    private final class Known: ChannelOutboundHandler, RemovableChannelHandler, Sendable {
        typealias OutboundIn = NIOAny

        let caller: Caller

        init(_ caller: Caller) { self.caller = caller }
    }

    /// SO_PEERCRED of socket(7).
    private static func ask(_ channel: any Channel) async throws -> Caller {
        guard let provider = channel as? any SocketOptionProvider else {
            throw GD2Error(.unauthenticated, "the caller's user is not known")
        }
        let found: Kernel = try await provider.unsafeGetSocketOption(
            level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED)
        ).get()
        return Caller(origin: .local(uid: found.uid, gid: found.gid))
    }
}

/// Decides who may ask: root and the admin group on the local socket, a token's owner elsewhere.
struct Authorizer: Sendable {
    let adminGroup: String
    /// GD2's HMAC secret; nil while the store was never reached.
    let secret: @Sendable () -> [UInt8]?

    /// GD2's claims: `qsh` binds a token to method and path.
    private struct Claims: JWTPayload {
        var iss: IssuerClaim
        var exp: ExpirationClaim
        var qsh: String

        func verify(using _: some JWTAlgorithm) async throws { try exp.verifyNotExpired() }
    }

    func check(_ caller: Caller, method: String, path: String, bearer: String?) async throws {
        switch caller.origin {
        case .local(let uid, let gid): try checkUser(uid, gid)
        case .network: try await checkToken(bearer, method: method, path: path)
        }
    }

    private func checkUser(_ uid: UInt32, _ gid: UInt32) throws {
        if uid == 0 || uid == geteuid() { return }
        if let group = UserDatabase.group(named: adminGroup) {
            if group.id == gid { return }
            if let name = UserDatabase.userName(uid), group.members.contains(name) { return }
        }
        throw GD2Error(
            .notAllowed, "uid \(uid) may not manage volumes: be root or in group \(adminGroup)")
    }

    private func checkToken(_ bearer: String?, method: String, path: String) async throws {
        guard let bearer else {
            throw GD2Error(
                .unauthenticated, "a bearer token is needed over TCP: send Authorization: bearer …")
        }
        guard let secret = secret() else {
            throw GD2Error(.unavailable, "the token secret is not known yet: is gd2-store up?")
        }
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: Data(secret)), digestAlgorithm: .sha256)
        let claims: Claims
        do { claims = try await keys.verify(bearer, as: Claims.self) } catch {
            // "none" is no algorithm of a key set, so an unsigned token ends here too.
            throw GD2Error(.unauthenticated, "the token is not valid or has ended")
        }
        guard claims.qsh == Self.hash("\(method)&\(path)") else {
            throw GD2Error(.unauthenticated, "the token is for another request (qsh)")
        }
    }

    private static func hash(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).hexadecimal
    }
}
