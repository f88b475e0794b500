import GD2Error
import GlusterModel
import StoreAPI
import StoreTesting

@testable import RESTService

/// gd2-store's part of the cluster over a store in memory: it keeps peers' records as gd2-store
/// does, and remembers what it was asked.
actor FakeCluster: ClusterCalls {
    private let store: InMemoryStore
    private let identity: StoreIdentity
    private(set) var asked: [String] = []
    /// Whether the peers were locked when one was removed.
    private(set) var lockSeen = false
    var states: [PeerState]?
    private var known: [JoinToken] = []
    private var nodesNow: [AskedNode] = []
    private var membersNow: StoreMembers?
    private var saved: [StoreSnapshot] = []
    private var authoritiesNow: StoreAuthorities?
    private var statusNow = StoreStatus(available: true, message: "well")
    private var statusAnswers = Int.max
    private(set) var statusAsked = 0
    private(set) var peersAsked = 0
    private var whenPeersAreAsked: @Sendable () async -> Void = {}

    init(store: InMemoryStore, identity: StoreIdentity) {
        self.store = store
        self.identity = identity
    }

    func set(states: [PeerState]?) { self.states = states }
    func set(members: StoreMembers?) { membersNow = members }
    func set(status: StoreStatus) { statusNow = status }
    func set(snapshots: [StoreSnapshot]) { saved = snapshots }

    /// After `count` more answers it says nothing more of its state.
    func set(statusAnswers count: Int) { statusAnswers = count }

    func status() async throws -> StoreStatus {
        statusAsked += 1
        guard statusAnswers > 0 else {
            try await Task.sleep(for: .seconds(60))
            return statusNow
        }
        statusAnswers -= 1
        return statusNow
    }

    func set(whenPeersAreAsked body: @escaping @Sendable () async -> Void) {
        whenPeersAreAsked = body
    }

    func peers() async throws(GD2Error) -> [PeerState] {
        peersAsked += 1
        await whenPeersAreAsked()
        guard let states else { throw GD2Error(.unavailable, "no probes") }
        return states
    }

    func addPeer(
        _ address: String, code: String, metadata: [String: String]
    ) async throws(GD2Error) -> PeerID {
        asked.append("add \(address) code=\(code)")
        guard code != "wrong" else { throw GD2Error(.notAllowed, "the code is another") }
        var peer = Peer(
            id: PeerID(high: 7, low: 7), name: address, addresses: [address],
            clientAddresses: ["\(address):24007"])
        peer.metadata = metadata
        try await write(peer)
        return peer.id
    }

    func write(_ peer: Peer) async throws(GD2Error) {
        do {
            let key = identity.keys.peer(peer.id)
            let value = try RecordCoding.encode(peer)
            _ = try await store.txn(if: [], then: [.put(key: key, value: value)])
        } catch { throw GD2Error(.unavailable, "\(error)") }
    }

    func removePeer(
        _ peer: PeerID, force: Bool, isDryRun: Bool
    ) async throws(GD2Error) -> String {
        asked.append("remove \(peer) force=\(force) dry-run=\(isDryRun)")
        guard !isDryRun else { return "it would be removed" }
        do { lockSeen = try await store.get(identity.keys.lock("peers")) != nil } catch {
            throw GD2Error(.unavailable, "\(error)")
        }
        do {
            _ = try await store.txn(if: [], then: [.delete(key: identity.keys.peer(peer))])
        } catch { throw GD2Error(.unavailable, "\(error)") }
        return "removed"
    }

    func editPeer(
        _ id: PeerID, name: String?, addresses: [String]?, metadata: [String: String],
        removingMetadata: [String]
    ) async throws(GD2Error) {
        asked.append("edit \(id)")
        var peer: Peer
        do {
            let value = try await store.get(identity.keys.peer(id))?.value ?? []
            peer = try RecordCoding.decode(Peer.self, from: value)
        } catch { throw GD2Error(.notFound, "\(error)") }
        peer.name = name ?? peer.name
        peer.addresses = addresses ?? peer.addresses
        peer.metadata.merge(metadata) { _, new in new }
        for key in removingMetadata { peer.metadata[key] = nil }
        try await write(peer)
    }

    func createToken(
        validFor: Duration, uses: Int
    ) throws(GD2Error) -> (token: JoinToken, secret: String) {
        let token = JoinToken(
            id: "t\(known.count)", created: 1_000, expires: 1_000 + validFor.components.seconds,
            usesLeft: uses)
        known.append(token)
        return (token, "secret-\(token.id)")
    }

    func tokens() throws(GD2Error) -> [JoinToken] { known }

    func revokeToken(_ id: String) throws(GD2Error) {
        guard known.contains(where: { $0.id == id }) else {
            throw GD2Error(.notFound, "there is no token \(id)")
        }
        known.removeAll { $0.id == id }
    }

    func pair(validFor: Duration) throws(GD2Error) -> (code: String, expires: Int64) {
        ("12-34", 1_000 + validFor.components.seconds)
    }

    func join(token: String) throws(GD2Error) -> (ClusterID, PeerID) {
        guard token == "good" else { throw GD2Error(.notAllowed, "the token is not valid") }
        return (identity.cluster, identity.peer)
    }

    func check(_ change: CheckedChange) throws(GD2Error) -> String {
        asked.append("check \(change)")
        switch change {
        case .addPeer(_, code: "wrong"): throw GD2Error(.notAllowed, "the code is another")
        case .revokeToken(id: "t9"): throw GD2Error(.notFound, "there is no token t9")
        case .join(let token) where token != "good":
            throw GD2Error(.notAllowed, "the token is not valid")
        default: return "it would be done"
        }
    }

    func members() throws(GD2Error) -> StoreMembers {
        guard let membersNow else { throw GD2Error(.unavailable, "etcd is away") }
        return membersNow
    }

    func set(nodes: [AskedNode]) { nodesNow = nodes }

    func nodes() throws(GD2Error) -> [AskedNode] { nodesNow }

    func saveSnapshot() throws(GD2Error) -> StoreSnapshot {
        let made = StoreSnapshot(
            name: "s\(saved.count)", path: "/s", created: 5, bytes: 6, revision: 7, digest: "ab")
        saved.append(made)
        return made
    }

    func snapshots() throws(GD2Error) -> [StoreSnapshot] { saved }

    func recover(snapshot: String?, isDryRun: Bool) throws(GD2Error) -> String {
        "\(isDryRun ? "would recover" : "recovered") from \(snapshot ?? "itself")"
    }

    func set(authorities: StoreAuthorities) { authoritiesNow = authorities }

    func authorities() throws(GD2Error) -> StoreAuthorities {
        guard let authoritiesNow else { throw GD2Error(.unavailable, "not known") }
        return authoritiesNow
    }

    func exchangeAuthorities(isDryRun: Bool) throws(GD2Error) -> String {
        asked.append("exchange dry=\(isDryRun)")
        return isDryRun ? "would be replaced" : "are replaced"
    }

    // MARK: Other nodes

    private var answers: [PeerID: [UInt8]] = [:]
    private var silent: Set<PeerID> = []

    func set(answer: [UInt8], of peer: PeerID) { answers[peer] = answer }
    /// Its calls end when their caller gives up.
    func setSilent(_ peer: PeerID) { silent.insert(peer) }

    func callBrick(
        of peer: PeerID, method: String, message: [UInt8], timeout: Duration
    ) async throws(GD2Error) -> [UInt8] {
        asked.append("\(method) of \(peer)")
        if silent.contains(peer) { try? await Task.sleep(for: .seconds(600)) }
        guard let answer = answers[peer] else {
            throw GD2Error(.unavailable, "peer \(peer) does not answer")
        }
        return answer
    }
}
