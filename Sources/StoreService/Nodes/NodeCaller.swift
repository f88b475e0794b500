import Certificates
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GlusterModel
import LocalGRPC
import SwiftASN1
import Synchronization
import X509

/// Who is at the other end of a connection to 24008, by the key it has proven.
enum NodeCaller: Hashable, Sendable {
    case peer(PeerID)
    /// A node that holds a join token, by the fingerprint of the token's key.
    case token(String)
    /// A node that this one has invited, by the fingerprint of the key that it was handed.
    case invited(String)
    /// Whoever holds the pairing code that this node shows.
    case pairing
    /// Anybody, where open joining is switched on.
    case anybody
}

/// Tells who a certificate is. Asked at every handshake, before any byte of a request is read, and
/// again at every call, since a peer may be removed meanwhile.
final class NodeCallers: Sendable {
    private let certificates: ClusterCertificates
    private let peers: PeerDirectory
    private let pairing: Pairing
    private let invitations: Invitations
    private let isOpen: Bool
    /// Names of keys whose chain was verified, by the key's fingerprint.
    private let verified = Mutex<[String: (peer: PeerID, until: Date)]>([:])
    /// What runs for callers, and ends when an authority is trusted no more.
    private let running = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])
    private let runningNext = Atomic<Int>(0)
    /// Raised when an authority is trusted no more.
    private let trust = Atomic<Int>(0)

    init(
        certificates: ClusterCertificates, peers: PeerDirectory, pairing: Pairing,
        invitations: Invitations, isOpen: Bool
    ) {
        self.certificates = certificates
        self.peers = peers
        self.pairing = pairing
        self.invitations = invitations
        self.isOpen = isOpen
    }

    /// Nil: nobody that is answered.
    func caller(of leaf: Certificate) async -> NodeCaller? {
        let key = CertificateChain.fingerprint(of: leaf.publicKey)
        let now = Date()
        // First by the key, so that nobody signs himself a peer's name with a token's key.
        if pairing.matches(key, now: now) { return .pairing }
        if invitations.isOpen(key, now: now) { return .invited(key) }
        if peers.token(key)?.isUsable(now: now) == true { return .token(key) }
        if let known = verified.withLock({ $0[key] }), known.until > now {
            return .peer(known.peer)
        }
        let before = trust.load(ordering: .acquiring)
        guard let roots = try? certificates.nodeRoots(),
            let name = try? await CertificateChain.verifiedName(of: leaf, roots: roots),
            let peer = PeerID(name)
        else { return isOpen ? .anybody : nil }
        verified.withLock { known in
            guard trust.load(ordering: .acquiring) == before else { return }
            if known.count >= Limits.verifiedKeysMax { known = [:] }
            known[key] = (peer, leaf.notValidAfter)
        }
        return .peer(peer)
    }

    /// An authority is trusted no more: every caller has to prove itself anew.
    func forget() {
        verified.withLock { known in
            trust.add(1, ordering: .acquiringAndReleasing)
            known = [:]
        }
        let ended = running.withLock { running in
            defer { running = [:] }
            return Array(running.values)
        }
        for one in ended { one.finish() }
    }

    /// Returns when an authority is trusted no more, or when the task is cancelled.
    func forgotten() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let id = runningNext.add(1, ordering: .relaxed).newValue
        running.withLock { $0[id] = continuation }
        defer { running.withLock { $0[id] = nil } }
        for await _ in stream {}
    }

    private static let joinsOnly = RPCError(
        code: .permissionDenied, message: "this key may join the cluster and no more")

    /// What the caller may do at all; the method checks the rest.
    func refusal(of caller: NodeCaller, calling method: MethodDescriptor) -> RPCError? {
        let name =
            method.service.fullyQualifiedService == "gd2.node.v1.Node" ? method.method : ""
        switch caller {
        case .token, .invited:
            return ["Join", "CheckJoin"].contains(name) ? nil : Self.joinsOnly
        case .pairing:
            return ["Invite", "CheckInvite"].contains(name) ? nil : Self.joinsOnly
        case .anybody:
            let all = ["Join", "CheckJoin", "Invite", "CheckInvite"]
            return all.contains(name) ? nil : Self.joinsOnly
        case .peer(let peer):
            if peers.isRemoved(peer) {
                return RPCError(
                    code: .permissionDenied, message: NodeRefusal.removed(peer).message,
                    metadata: [NodeRefusal.key: "removed"])
            }
            return peers.knows(peer)
                ? nil
                : RPCError(
                    code: .unavailable,
                    message: "peer \(peer) is not known here yet: see glustercli peer status")
        }
    }
}

/// What a node says to one that is no peer any more.
enum NodeRefusal {
    static let key = "gd2-refusal"

    static func removed(_ peer: PeerID) -> (message: String, key: String) {
        ("peer \(peer) was removed from this cluster", key)
    }

    static func isRemoval(_ error: any Error) -> Bool {
        guard let error = error as? RPCError, error.code == .permissionDenied else { return false }
        return error.metadata[stringValues: key].contains("removed")
    }
}

/// What a service on 24008 finds in `context.transportSpecific`.
struct NodeCallerContext: ServerContext.TransportSpecific {
    var caller: NodeCaller
}

extension ServerContext {
    /// The peer that calls; throws for whoever is none.
    var callingPeer: PeerID {
        get throws {
            guard let context = transportSpecific as? NodeCallerContext,
                case .peer(let peer) = context.caller
            else { throw RPCError(code: .permissionDenied, message: "only peers may call this") }
            return peer
        }
    }

    var nodeCaller: NodeCaller? { (transportSpecific as? NodeCallerContext)?.caller }
}

/// Checks every call, and ends what runs of a peer that is removed meanwhile.
struct NodeCallerInterceptor: ServerInterceptor {
    let callers: NodeCallers
    let peers: PeerDirectory

    @concurrent func intercept<Input: Sendable, Output: Sendable>(
        request: StreamingServerRequest<Input>, context: ServerContext,
        next:
            @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
            StreamingServerResponse<Output>
    ) async throws -> StreamingServerResponse<Output> {
        guard
            let transport = context.transportSpecific as? HTTP2ServerTransport.Posix.Context,
            let leaf = transport.peerCertificate, let caller = await callers.caller(of: leaf)
        else { throw RPCError(code: .unauthenticated, message: "no certificate of this cluster") }
        if let refusal = callers.refusal(of: caller, calling: context.descriptor) { throw refusal }
        var context = context
        context.transportSpecific = NodeCallerContext(caller: caller)
        var response = try await next(request, context)
        guard case .peer(let peer) = caller, case .success(var contents) = response.accepted else {
            return response
        }
        let (produce, peers, callers) = (contents.producer, peers, callers)
        contents.producer = { writer in
            try await withThrowingTaskGroup(of: Metadata?.self) { group in
                group.addTask { try await produce(writer) }
                group.addTask {
                    await peers.removal(of: peer)
                    guard !Task.isCancelled else { return nil }
                    throw RPCError(
                        code: .permissionDenied, message: NodeRefusal.removed(peer).message,
                        metadata: [NodeRefusal.key: "removed"])
                }
                group.addTask {
                    await callers.forgotten()
                    return nil
                }
                defer { group.cancelAll() }
                guard let result = try await group.next() ?? nil else {
                    throw RPCError(
                        // It may have been carried out.
                        code: .deadlineExceeded,
                        message: "an authority is trusted no more: call again")
                }
                return result
            }
        }
        response.accepted = .success(contents)
        return response
    }
}
