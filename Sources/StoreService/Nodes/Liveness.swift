import AuthorityExchange
import FoundationEssentials
import GRPCCore
import GlusterModel
import Logging
import Metrics
import NodeAPI
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf
import Synchronization

/// What probes have told of a peer.
struct Seen: Sendable {
    var isReachable = false
    /// When it last answered; of one that never did, and was asked for a while, when that began.
    var heard: ContinuousClock.Instant?
    var unreachableSince: ContinuousClock.Instant?
    var clockSkew = Duration.zero
    var roundTrip = Duration.zero
    var message = "it was not asked yet"
    var version = ""
    var schema = 0
    var epoch = Epoch(0)
    var member: UInt64 = 0
    var memberRuns = false
    /// A member that its etcd was, whose data it has given up; 0: none.
    var discarded: UInt64 = 0
    var roleDigest = ""
    /// Whether it is set to speak to an external etcd itself.
    var isDirect = false
    /// Nil: its version does not report them.
    var holdings: Holdings?
    /// Which run of its gd2-store answered, and where.
    var run = ""
    var address: HostPort?

    func unreachable(for now: ContinuousClock.Instant) -> Duration {
        unreachableSince.map { now - $0 } ?? .zero
    }
}

/// Asks other nodes every second whether they live, what their clocks say, and which member of the
/// store's engine they run.
final class Liveness: Service {
    private let node: NodeParts
    private let seen = Mutex<[PeerID: Seen]>([:])
    private let skewed = Mutex<Set<PeerID>>([])
    /// Whether this node leads, and so asks all.
    private let leads = Atomic(false)

    init(node: NodeParts) { self.node = node }

    /// What the last probe of `peer` found; nil: it was not probed.
    func found(_ peer: PeerID) -> Seen? {
        seen.withLock { $0[peer] }.flatMap { seen in
            seen.isReachable || seen.unreachableSince != nil ? seen : nil
        }
    }

    var all: [PeerID: Seen] { seen.withLock { $0 } }
    func of(_ peer: PeerID) -> Seen { seen.withLock { $0[peer] ?? Seen() } }
    /// Its etcd was just ended, so what is known of it is over.
    func memberEnds(_ peer: PeerID) {
        seen.withLock {
            $0[peer]?.memberRuns = false
            $0[peer]?.holdings = nil
        }
    }
    /// It was just given a new member, so that nothing is given up any more.
    func memberBegins(_ peer: PeerID) { seen.withLock { $0[peer]?.discarded = 0 } }
    func setLeads(_ value: Bool) { leads.store(value, ordering: .relaxed) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let peers = self.asked
                await withTaskGroup(of: Void.self) { group in
                    for peer in peers { group.addTask { await self.probe(peer) } }
                }
                let known = Set(self.node.peers.peers.keys)
                if let own = self.node.peers.peer(self.node.own) { self.record(own, .zero) }
                self.seen.withLock { seen in
                    for peer in seen.keys where !known.contains(peer) { seen[peer] = nil }
                }
                self.node.connections.keepOnly(known)
                do { try await Task.sleep(for: Limits.probeEvery) } catch { return }
            }
        }
    }

    private var asked: [Peer] {
        let peers = node.peers.peers
        let others = peers.values.filter { $0.id != node.own }
        if peers.count <= Limits.peersProbedByAll || leads.load(ordering: .relaxed) {
            return Array(others)
        }
        let voters = Set(node.peers.otherVoters)
        return others.filter { voters.contains($0.id) }
    }

    private func probe(_ peer: Peer) async {
        let identity = node.state.identity
        let request = Gd2_Node_V1_ProbeRequest.with {
            $0.clusterID = identity.cluster.description
            $0.peerID = identity.peer.description
            $0.epoch = identity.epoch.number
            $0.run = node.claim.run
        }
        let began = ContinuousClock.now
        let clock = Date().timeIntervalSince1970
        do {
            let reply = try await node.connections.node(peer)
                .probe(request, options: NodeConnections.options(Limits.probe))
            let roundTrip = ContinuousClock.now - began
            let middle = clock + roundTrip.seconds / 2
            answered(peer, reply, roundTrip, skew: Double(reply.clockNs) / 1e9 - middle)
            await node.learned(reply, from: peer.id)
            await node.checkClaim(reply)
        } catch {
            guard !Task.isCancelled else { return }
            failed(peer, error)
            if NodeRefusal.isRemoval(error) { await node.wasRemoved(said: peer.id) }
        }
    }

    private func answered(
        _ peer: Peer, _ reply: Gd2_Node_V1_ProbeReply, _ roundTrip: Duration, skew: Double
    ) {
        var found = Seen(isReachable: true, heard: .now, message: "")
        // What a slow network adds is not the clock's.
        let certain = max(0, abs(skew) - roundTrip.seconds / 2) * (skew < 0 ? -1 : 1)
        found.clockSkew = .milliseconds(Int64(certain * 1_000))
        found.roundTrip = roundTrip
        found.version = reply.version
        found.schema = Int(reply.schema)
        found.epoch = Epoch(reply.epoch)
        found.member = reply.memberID
        found.memberRuns = reply.memberRuns
        found.discarded = reply.memberDiscarded
        found.roleDigest = reply.roleDigest
        found.isDirect = reply.externalDirect
        found.holdings = reply.hasHoldings ? Holdings(reply.holdings) : nil
        found.run = reply.run
        found.address = node.connections.address(of: peer.id)
        if reply.peerID != peer.id.description {
            found.isReachable = false
            found.message = "another peer answers at its address: \(reply.peerID)"
        }
        let final = found
        let was = seen.withLock { seen in
            let was = seen[peer.id]
            seen[peer.id] = final
            return was
        }
        if was?.isReachable != true {
            node.log.info("peer answers", metadata: ["peer": "\(peer.name)"])
        }
        checkClock(peer, final.clockSkew)
    }

    private func failed(_ peer: Peer, _ error: any Error) {
        let known = error as? RPCError
        let why =
            known?.code == .deadlineExceeded
            ? "no answer in time" : known?.message ?? "\(error)"
        node.connections.failed(peer.id)
        let was = seen.withLock { seen in
            let was = seen[peer.id]
            var next = was ?? Seen()
            next.isReachable = false
            next.memberRuns = false
            next.unreachableSince = was?.unreachableSince ?? .now
            // One that never answers is known not to, after a while: it may just have joined.
            if next.heard == nil, next.unreachable(for: .now) >= Limits.neverHeard {
                next.heard = next.unreachableSince
            }
            next.message = why
            seen[peer.id] = next
            return was
        }
        if was?.isReachable ?? true {
            node.log.warning(
                "peer does not answer", metadata: ["peer": "\(peer.name)", "error": "\(why)"])
        }
    }

    private func record(_ peer: Peer, _ skew: Duration) {
        Gauge(label: "gd2_peer_clock_skew_seconds", dimensions: [("peer", peer.name)])
            .record(skew.seconds)
    }

    private func checkClock(_ peer: Peer, _ skew: Duration) {
        let isWrong = abs(skew.seconds) > Limits.clockSkewMax.seconds
        let isNews = skewed.withLock { skewed in
            isWrong ? skewed.insert(peer.id).inserted : skewed.remove(peer.id) != nil
        }
        record(peer, skew)
        guard isNews else { return }
        if isWrong {
            node.log.warning(
                "clock differs",
                metadata: ["peer": "\(peer.name)", "ahead.ms": "\(Int64(skew.seconds * 1_000))"])
        } else {
            node.log.notice("clock agrees again", metadata: ["peer": "\(peer.name)"])
        }
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
