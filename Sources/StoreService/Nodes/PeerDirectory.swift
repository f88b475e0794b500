import AuthorityExchange
import FoundationEssentials
import GlusterModel
import StoreAPI
import StoreMirror
import StoreSchema
import Synchronization

/// Peers, tokens and members as this node last knew them, and whether it still knows.
final class PeerDirectory: Sendable {
    private struct State {
        var peers: [PeerID: Peer] = [:]
        var removed: Set<PeerID> = []
        var leaving: Set<PeerID> = []
        var tokens: [String: StoredToken] = [:]
        var members = StoredMembers(members: [])
        var exchange: StoredAuthorityExchange?
        var wish: StoredAuthorityWish?
        var turn: PeerID?
        var holders: [PeerID: KeyHolder] = [:]
        var removedHolders: [PeerID: StoredRemovedHolder] = [:]
        var schemaVersion: Int?
        var builds: [PeerID: [String: BuildReport]] = [:]
        var isCurrent = false
        var revision: Int64 = 0
        /// Of the view that the rest is from.
        var number: UInt64 = 0
    }

    let own: PeerID
    private let cluster: ClusterID
    private let state = Mutex(State())
    /// Ended when its peer is removed.
    private let waiters = Mutex<[PeerID: [Int: AsyncStream<Void>.Continuation]]>([:])
    private let waiterNext = Atomic<Int>(0)

    /// `voters`: where the store was when this node joined, until the mirror knows better.
    init(own: PeerID, cluster: ClusterID, voters: [KnownVoters.Voter]) {
        self.own = own
        self.cluster = cluster
        state.withLock { state in
            for voter in voters {
                let places = voter.addresses.compactMap { HostPort($0, defaultPort: 24_008) }
                var peer = Peer(
                    id: voter.peer, name: places.first?.host ?? "", addresses: places.map(\.host),
                    clientAddresses: [])
                peer.nodePort = places.first?.port
                state.peers[voter.peer] = peer
            }
            state.members = StoredMembers(
                members: voters.map { .init(id: 0, peer: $0.peer, isLearner: false) })
        }
    }

    /// Takes a newer view of gd2-store's own mirror.
    func update(_ view: MirrorView) {
        // The view in the file may be of the cluster before this one.
        guard let keys = view.identity?.keys, keys.cluster == cluster, view.revision > 0 else {
            return
        }
        let isKnown = state.withLock { state in
            guard state.number == view.number, state.revision > 0 else { return false }
            state.isCurrent = view.freshness == .current
            state.revision = view.revision
            return true
        }
        if isKnown { return }
        var next = State()
        next.isCurrent = view.freshness == .current
        next.revision = view.revision
        next.number = view.number
        for value in view.values.all {
            let key = value.key
            if key.hasPrefix(keys.peers) {
                if let peer = try? RecordCoding.decode(Peer.self, from: value.value) {
                    next.peers[peer.id] = peer
                }
            } else if key.hasPrefix(keys.removedPeers) {
                if let id = PeerID(String(key.dropFirst(keys.removedPeers.count))) {
                    next.removed.insert(id)
                }
            } else if key.hasPrefix(keys.leavingPeers) {
                if let id = PeerID(String(key.dropFirst(keys.leavingPeers.count))) {
                    next.leaving.insert(id)
                }
            } else if key.hasPrefix(keys.keyHolders) {
                if let id = PeerID(String(key.dropFirst(keys.keyHolders.count))) {
                    let stored = try? RecordCoding.decode(StoredKeyHolder.self, from: value.value)
                    next.holders[id] = stored?.holder
                }
            } else if key.hasPrefix(keys.removedHolders) {
                if let id = PeerID(String(key.dropFirst(keys.removedHolders.count))) {
                    next.removedHolders[id] = try? RecordCoding.decode(
                        StoredRemovedHolder.self, from: value.value)
                }
            } else if key.hasPrefix(keys.tokens) {
                let token = try? RecordCoding.decode(StoredToken.self, from: value.value)
                next.tokens[String(key.dropFirst(keys.tokens.count))] = token
            } else if key.hasPrefix(keys.builds) {
                if let id = PeerID(String(key.dropFirst(keys.builds.count))) {
                    let stored = try? RecordCoding.decode(StoredBuilds.self, from: value.value)
                    next.builds[id] = stored?.programs
                }
            } else if key == keys.schemaVersion {
                next.schemaVersion =
                    (try? RecordCoding.decode(StoredSchemaVersion.self, from: value.value))?.version
            } else if key == keys.members,
                let members = try? RecordCoding.decode(StoredMembers.self, from: value.value)
            {
                next.members = members
            } else if key == keys.authorities {
                next.exchange = try? RecordCoding.decode(
                    StoredAuthorityExchange.self, from: value.value)
            } else if key == keys.authorityWish {
                next.wish = try? RecordCoding.decode(StoredAuthorityWish.self, from: value.value)
            } else if key == keys.memberTurn {
                next.turn =
                    (try? RecordCoding.decode(StoredMemberTurn.self, from: value.value))?.peer
            }
        }
        let final = next
        state.withLock { $0 = final }
        let ended = waiters.withLock { waiters in
            let gone = waiters.filter {
                final.removed.contains($0.key) && final.peers[$0.key] == nil
            }
            for peer in gone.keys { waiters[peer] = nil }
            return gone.values.flatMap(\.values)
        }
        for stream in ended { stream.finish() }
    }

    var peers: [PeerID: Peer] { state.withLock { $0.peers } }
    var leaving: Set<PeerID> { state.withLock { $0.leaving } }
    var tokens: [String: StoredToken] { state.withLock { $0.tokens } }
    /// The exchange of authorities that runs, or the last one.
    var exchange: StoredAuthorityExchange? { state.withLock { $0.exchange } }
    /// There while an exchange is asked for and not begun.
    var wish: StoredAuthorityWish? { state.withLock { $0.wish } }
    /// Whose member an exchange starts anew now, or did last.
    var turn: PeerID? { state.withLock { $0.turn } }
    /// Which peers were given keys of authorities.
    var holders: [PeerID: KeyHolder] { state.withLock { $0.holders } }
    /// Removed peers whose keys may open something still.
    var removedHolders: [PeerID: StoredRemovedHolder] { state.withLock { $0.removedHolders } }
    var revision: Int64 { state.withLock { $0.revision } }
    var isCurrent: Bool { state.withLock { $0.isCurrent } }

    /// The schema that the store is in; nil when no view has it.
    var schemaVersion: Int? { state.withLock { $0.schemaVersion } }
    /// What the programs of each peer last said.
    var builds: [PeerID: [String: BuildReport]] { state.withLock { $0.builds } }

    func peer(_ id: PeerID) -> Peer? { state.withLock { $0.peers[id] } }
    func knows(_ id: PeerID) -> Bool { state.withLock { $0.peers[id] != nil } }
    func isRemoved(_ id: PeerID) -> Bool {
        state.withLock { $0.removed.contains(id) && $0.peers[id] == nil }
    }
    /// By the fingerprint of its key.
    func token(_ fingerprint: String) -> StoredToken? { state.withLock { $0.tokens[fingerprint] } }

    /// The members as the leader wrote them last, or as another node told us since.
    var members: StoredMembers {
        get { state.withLock { $0.members } }
        set { state.withLock { $0.members = newValue } }
    }

    /// Takes the members as another node knows them, unless the own view is current.
    func learn(_ members: [StoredMembers.Member]) {
        state.withLock { state in
            guard !state.isCurrent else { return }
            state.members = StoredMembers(members: members, external: state.members.external)
        }
    }

    /// Nodes whose etcd answers for the store; this one is left out.
    var otherVoters: [PeerID] {
        state.withLock { state in
            state.members.members.filter { !$0.isLearner && $0.peer != own }.map(\.peer)
        }
    }

    func isMember(_ peer: PeerID) -> Bool {
        state.withLock { $0.members.members.contains { $0.peer == peer } }
    }

    /// Returns when `peer` is removed, or when the task is cancelled.
    func removal(of peer: PeerID) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let id = waiterNext.add(1, ordering: .relaxed).newValue
        waiters.withLock { $0[peer, default: [:]][id] = continuation }
        defer { waiters.withLock { $0[peer]?[id] = nil } }
        for await _ in stream {}
    }
}
