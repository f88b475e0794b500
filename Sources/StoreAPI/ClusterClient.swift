import FoundationEssentials
public import GD2Error
import GRPCCore
public import GlusterModel
import LocalGRPC
import SwiftProtobuf

/// The cluster as gd2-store offers it on `store.sock`: peers, members, snapshots and the way to the
/// gd2-brickd of other nodes. Throws ``GD2Error``, with a text for the operator.
public struct ClusterClient: Sendable {
    private let store: StoreClient
    /// Joins, removals and snapshots do network and disk work.
    private static let longCall = Duration.seconds(60)
    private static let shortCall = Duration.seconds(5)

    public init(_ store: StoreClient) { self.store = store }

    private var cluster: Gd2_Store_V1_Cluster.Client<StoreClient.Transport> {
        .init(wrapping: store.grpc)
    }

    // MARK: Peers

    /// All peers, this node included; answers without etcd, from the last probes.
    public func peers() async throws(GD2Error) -> [PeerState] {
        let reply = try await call(Self.shortCall) { options in
            try await cluster.peers(.init(), options: options)
        }
        return reply.peers.compactMap(PeerState.init)
    }

    /// Takes a node in; `code` is what it shows, empty when it joins openly. The peer's id.
    public func addPeer(
        _ address: String, code: String, metadata: [String: String]
    ) async throws(GD2Error) -> PeerID {
        let request = Gd2_Store_V1_AddPeerRequest.with {
            $0.address = address
            $0.code = code
            $0.metadata = metadata
        }
        let reply = try await call(Self.longCall) { options in
            try await cluster.addPeer(request, options: options)
        }
        return try Self.peer(reply.peerID)
    }

    /// What was done, or with `isDryRun` would be.
    public func removePeer(
        _ peer: PeerID, force: Bool, isDryRun: Bool
    ) async throws(GD2Error) -> String {
        let request = Gd2_Store_V1_RemovePeerRequest.with {
            $0.peerID = peer.description
            $0.force = force
            $0.dryRun = isDryRun
        }
        return try await call(Self.longCall) { options in
            try await cluster.removePeer(request, options: options).message
        }
    }

    /// Nil leaves name and addresses as they are.
    public func editPeer(
        _ peer: PeerID, name: String?, addresses: [String]?, metadata: [String: String],
        removingMetadata: [String]
    ) async throws(GD2Error) {
        let request = Gd2_Store_V1_EditPeerRequest.with {
            $0.peerID = peer.description
            $0.name = name ?? ""
            $0.addresses = addresses ?? []
            $0.metadata = metadata
            $0.metadataRemoved = removingMetadata
        }
        _ = try await call(Self.shortCall) { options in
            try await cluster.editPeer(request, options: options)
        }
    }

    // MARK: Joining

    /// A new token and the text that a node joins with, which is told only now.
    public func createToken(
        validFor: Duration, uses: Int
    ) async throws(GD2Error) -> (token: JoinToken, secret: String) {
        let request = Gd2_Store_V1_CreateTokenRequest(validFor: validFor, uses: uses)
        let reply = try await call(Self.shortCall) { options in
            try await cluster.createToken(request, options: options)
        }
        return (JoinToken(reply.token), reply.secret)
    }

    public func tokens() async throws(GD2Error) -> [JoinToken] {
        try await call(Self.shortCall) { options in
            try await cluster.listTokens(.init(), options: options).tokens.map(JoinToken.init)
        }
    }

    public func revokeToken(_ id: String) async throws(GD2Error) {
        _ = try await call(Self.shortCall) { options in
            try await cluster.revokeToken(.with { $0.id = id }, options: options)
        }
    }

    /// The code that ``addPeer(_:code:metadata:)`` of a cluster's node wants, and when it ends
    /// (seconds since 1970). Refused by a node that is in a cluster.
    public func pair(
        validFor: Duration
    ) async throws(GD2Error) -> (code: String, expires: Int64) {
        let request = Gd2_Store_V1_PairRequest(validFor: validFor)
        let reply = try await call(Self.shortCall) { options in
            try await cluster.pair(request, options: options)
        }
        return (reply.code, reply.expiresUnix)
    }

    /// Joins this node to the cluster of a token: cluster and own peer id.
    public func join(token: String) async throws(GD2Error) -> (ClusterID, PeerID) {
        let reply = try await call(Self.longCall) { options in
            try await cluster.join(.with { $0.token = token }, options: options)
        }
        guard let id = ClusterID(reply.clusterID) else {
            throw GD2Error(.internal, "gd2-store gave no cluster id")
        }
        return (id, try Self.peer(reply.peerID))
    }

    /// What a change would do, as a sentence; throws as the change would.
    public func check(_ change: CheckedChange) async throws(GD2Error) -> String {
        try await call(Self.longCall) { options in
            try await cluster.check(Gd2_Store_V1_CheckRequest(change), options: options).message
        }
    }

    // MARK: The Raft engine

    public func members() async throws(GD2Error) -> StoreMembers {
        let reply = try await call(Self.shortCall) { options in
            try await cluster.members(.init(), options: options)
        }
        return StoreMembers(
            members: reply.members.map(StoreMember.init), plan: reply.plan,
            votersWanted: Int(reply.votersWanted),
            external: reply.hasExternal ? ExternalStore(reply.external) : nil,
            missing: reply.missing)
    }

    /// What each peer, this node included, says of itself; answers within a second.
    public func nodes() async throws(GD2Error) -> [AskedNode] {
        let reply = try await call(Self.shortCall) { options in
            try await cluster.nodes(.init(), options: options)
        }
        return reply.nodes.compactMap(AskedNode.init)
    }

    public func saveSnapshot() async throws(GD2Error) -> StoreSnapshot {
        try await call(Self.longCall) { options in
            StoreSnapshot(try await cluster.saveSnapshot(.init(), options: options))
        }
    }

    /// Those on this node's disk, newest first.
    public func snapshots() async throws(GD2Error) -> [StoreSnapshot] {
        try await call(Self.longCall) { options in
            try await cluster.listSnapshots(.init(), options: options)
                .snapshots.map(StoreSnapshot.init)
        }
    }

    /// Makes this node the only voter in a new epoch, with a snapshot or, when `snapshot` is nil,
    /// with its own database. What was done, or with `isDryRun` would be.
    public func recover(
        snapshot: String?, isDryRun: Bool
    ) async throws(GD2Error) -> String {
        let request = Gd2_Store_V1_RecoverRequest.with {
            $0.snapshot = snapshot ?? ""
            $0.dryRun = isDryRun
        }
        return try await call(Self.longCall) { options in
            try await cluster.recover(request, options: options).message
        }
    }

    // MARK: Authorities

    /// Those of this node, and the exchange that runs or was last; answers without etcd.
    public func authorities() async throws(GD2Error) -> StoreAuthorities {
        try await call(Self.shortCall) { options in
            StoreAuthorities(try await cluster.authorities(.init(), options: options))
        }
    }

    /// Begins to replace both authorities; it goes on by itself. What was done, or with `isDryRun`
    /// would be.
    public func exchangeAuthorities(isDryRun: Bool) async throws(GD2Error) -> String {
        try await call(Self.longCall) { options in
            try await cluster.exchangeAuthorities(.with { $0.dryRun = isDryRun }, options: options)
                .message
        }
    }

    // MARK: Other nodes

    /// Calls `method` of the gd2-brickd of `peer` and gives its serialized answers.
    public func callBrick(
        of peer: PeerID, method: String, message: [UInt8], timeout: Duration
    ) async throws(GD2Error) -> [UInt8] {
        let limit = timeout.components
        let request = Gd2_Store_V1_CallBrickRequest.with {
            $0.peerID = peer.description
            $0.method = method
            $0.message = Data(message)
            $0.timeoutMs = UInt32(
                clamping: limit.seconds * 1_000 + limit.attoseconds / 1_000_000_000_000_000)
        }
        return try await call(timeout) { options in
            try await cluster.callBrick(request, options: options) { answers in
                var all: [UInt8] = []
                for try await answer in answers.messages { all += answer.message }
                return all
            }
        }
    }

    private func call<Value>(
        _ timeout: Duration, _ body: (CallOptions) async throws -> Value
    ) async throws(GD2Error) -> Value {
        do { return try await body(LocalClient.options(timeout: timeout, wait: true)) } catch {
            guard let error = error as? RPCError else { throw GD2Error(.internal, "\(error)") }
            throw GD2Error(error, from: "gd2-store")
        }
    }

    private static func peer(_ text: String) throws(GD2Error) -> PeerID {
        guard let id = PeerID(text) else {
            throw GD2Error(.internal, "gd2-store gave no peer id: \"\(text)\"")
        }
        return id
    }
}
