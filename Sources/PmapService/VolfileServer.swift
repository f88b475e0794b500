import Crypto
import FoundationEssentials
import GlusterModel
import GlusterXDR
import Logging
import OldTopology
import StoreAPI
import StoreMirror
import Synchronization
import Volfile
import Volgen

/// Renders volfiles from the newest view of the cluster, and keeps them.
final class VolfileServer: Sendable {
    /// A rendered volfile.
    final class Rendered: Sendable {
        /// The volume that it is of.
        let volume: VolumeName
        /// The whole answer to GETSPEC.
        let reply: [UInt8]
        /// Of names, types and children: a brick cannot change these while it runs.
        let shape: Int
        /// What a client has to know at least. The text is the same for all that do.
        let opVersion: Int

        init(_ volfile: Volfile, volume: VolumeName, opVersion: Int) {
            self.volume = volume
            reply = GetSpecReply.volfile(volfile.text).bytes
            shape = VolfileServer.shape(of: volfile)
            self.opVersion = opVersion
        }
    }

    private struct CacheKey: Hashable {
        /// As it stands in the request.
        var key: String
        var isTrusted: Bool
    }

    private struct State {
        var cluster = ClusterState()
        var secret: TrustedSecret?
        var cache: [CacheKey: Rendered] = [:]
        /// Losses of the store before the view, when that was current; else nil.
        var currentLosses: Int?
    }

    private let volgen = Volgen()
    private let log: Logger
    private let decoder = Mutex(ClusterDecoder())
    private let state = Mutex(State())
    /// Counts the views.
    private let generation = Atomic(0)

    init(log: Logger) { self.log = log }

    /// Takes a newer view; what was rendered from an old one and would be another text now is
    /// rendered anew when asked.
    func update(_ view: MirrorView) {
        // Outside of the lock that every GETSPEC takes.
        let cluster = decoder.withLock { $0.state(of: view) }
        let key = view.identity?.keys.volumeAuthSecret
        let secret = key.flatMap { view.values[$0] }.flatMap { TrustedSecret(hex: $0.value) }
        let (old, known) = state.withLock { ($0.cluster, Set($0.cache.values.map(\.volume))) }
        let isSame =
            old.peers == cluster.peers && old.identity == cluster.identity
            && state.withLock { $0.secret == secret || secret == nil }
        let kept = known.filter { isSame && Self.isSame($0, old, cluster) }
        state.withLock { state in
            state.cluster = cluster
            state.currentLosses = view.freshness == .current ? view.losses : nil
            if let secret { state.secret = secret }
            state.cache = state.cache.filter { kept.contains($0.value.volume) }
            generation.add(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Whether a volume's volfiles say the same in both.
    private static func isSame(
        _ name: VolumeName, _ old: ClusterState, _ new: ClusterState
    ) -> Bool {
        guard let before = old.volume(named: name), let now = new.volume(named: name) else {
            return false
        }
        return before == now && sharedCounts(before, old) == sharedCounts(now, new)
    }

    func volumeID(named name: String) -> VolumeID? {
        state.withLock { $0.cluster.volume(named: name)?.id }
    }

    /// Losses of the store before the view that is served, when that was current; else nil.
    var currentLosses: Int? { state.withLock { $0.currentLosses } }

    /// The topology that a client who asks for this volfile would be given; nil for volfiles of
    /// bricks and daemons, and for what there is not.
    func clientTopology(_ asked: String) -> ViewedTopology? {
        guard case .client(let name) = VolfileID(asked) else { return nil }
        return state.withLock { state in
            let cluster = state.cluster
            guard let volume = cluster.volume(named: name), let identity = cluster.identity else {
                return nil
            }
            return ViewedTopology(
                volume, epoch: identity.epoch, headRevision: cluster.headRevisions[volume.id] ?? 0,
                own: identity.peer, peersCount: cluster.peers.count)
        }
    }

    /// Whether there is such a volfile; of an id that is none there never will be.
    func knows(_ asked: String) -> Bool {
        let id = VolfileID(asked)
        if case .unknown = id { return true }
        return state.withLock { Self.target(id, true, $0.cluster) != nil }
    }

    /// For messages.
    func name(of peer: PeerID) -> String {
        state.withLock { $0.cluster.peers[peer]?.name } ?? "\(peer)"
    }

    /// The answer's bytes. `willReply` notes what the caller is about to have; a change between
    /// rendering and noting would be told to nobody, so after one it begins anew.
    func reply(
        to request: GetSpecRequest, isTrusted: Bool, willReply: (Rendered) -> Void
    ) -> [UInt8] {
        do {
            for _ in 0..<Limits.rendersPerRequest {
                let before = generation.load(ordering: .sequentiallyConsistent)
                let now = try volfile(
                    request.key, isTrusted: isTrusted, opVersion: request.maxOpVersion)
                guard let now else { return GetSpecReply.failed(.notFound).bytes }
                willReply(now)
                if generation.load(ordering: .sequentiallyConsistent) == before {
                    return now.reply
                }
            }
        } catch VolgenError.opVersion(let needed, let known, let volume) {
            log.warning(
                "client too old",
                metadata: ["volume": "\(volume)", "needs": "\(needed)", "knows": "\(known)"])
            return GetSpecReply.failed(.notSupported).bytes
        } catch {
            log.warning(
                "volfile not rendered",
                metadata: ["volfile": "\(request.key)", "error": "\(error)"])
        }
        return GetSpecReply.failed(.tryAgain).bytes
    }

    /// nil: there is no such volfile, or it is not for this caller.
    func volfile(_ asked: String, isTrusted: Bool, opVersion: Int) throws -> Rendered? {
        let key = CacheKey(key: asked, isTrusted: isTrusted)
        return try state.withLock { state in
            if let known = state.cache[key], known.opVersion <= opVersion { return known }
            let target = Self.target(VolfileID(asked), isTrusted, state.cluster)
            guard let (volume, role) = target else { return nil }
            guard let secret = state.secret else { throw VolfileServerError.noSecret }
            let audience = Audience(isTrusted: isTrusted, opVersion: opVersion)
            let volfile = try volgen.volfile(
                of: volume, for: role, audience: audience,
                context: Self.context(of: volume, state.cluster, secret))
            let rendered = Rendered(
                volfile, volume: volume.name,
                opVersion: role == .client ? volgen.clientOpVersion(of: volume) : 0)
            if state.cache.count >= Limits.volfilesCached { state.cache = [:] }
            state.cache[key] = rendered
            return rendered
        }
    }

    /// Brick and self-heal volfiles hold credentials, so only root of this node gets them.
    private static func target(
        _ id: VolfileID, _ isTrusted: Bool, _ cluster: ClusterState
    ) -> (Volume, VolfileRole)? {
        switch id {
        case .client(let name): return cluster.volume(named: name).map { ($0, .client) }
        case .selfHeal(let name):
            guard isTrusted, let volume = cluster.volume(named: name),
                volume.topology.layout.isHealed
            else { return nil }
            return (volume, .selfHeal)
        case .brick(let name, let rest):
            guard isTrusted, let volume = cluster.volume(named: name) else { return nil }
            return brick(rest, of: volume, cluster).map { brick in
                let isThin = volume.topology.thinArbiter?.brick == brick
                return (volume, isThin ? .thinArbiter : .brick(index: brick.index))
            }
        case .unknown: return nil
        }
    }

    /// The brick of this node that `rest`, HOST.DASHED-PATH, means. A running brick keeps the host
    /// that it was started with, whatever this node is called now; both parts may contain dots.
    private static func brick(
        _ rest: String, of volume: Volume, _ cluster: ClusterState
    ) -> Brick? {
        guard let peer = cluster.identity?.peer else { return nil }
        let bricks = volume.allBricks(of: peer)
        if let host = cluster.peers[peer]?.addresses.first,
            let brick = bricks.first(where: { rest == "\(host).\($0.path.dashed)" })
        {
            return brick
        }
        return bricks.filter { rest.hasSuffix("." + $0.path.dashed) }
            .max { $0.path.dashed.utf8.count < $1.path.dashed.utf8.count }
    }

    private static func context(
        of volume: Volume, _ cluster: ClusterState, _ secret: TrustedSecret
    ) -> VolgenContext {
        return VolgenContext(
            hosts: cluster.peers.compactMapValues(\.addresses.first),
            credentials: secret.credentials(for: volume.id),
            sharedBrickCounts: sharedCounts(volume, cluster))
    }

    /// How many bricks of the volume lie on one file system of this node, for each of its bricks.
    private static func sharedCounts(_ volume: Volume, _ cluster: ClusterState) -> [Int: Int] {
        guard let peer = cluster.identity?.peer else { return [:] }
        var counts: [Int: Int] = [:]
        let reports = cluster.reports[volume.id]?[peer]?.bricks ?? []
        let devices = Dictionary(reports.map { ($0.index, $0.device) }) { first, _ in first }
        for brick in volume.bricks(of: peer) {
            let device = devices[brick.index] ?? ""
            counts[brick.index] =
                device.isEmpty ? 1 : max(1, devices.values.count { $0 == device })
        }
        return counts
    }

    private static func shape(of volfile: Volfile) -> Int {
        var hasher = Hasher()
        for xlator in volfile.xlators {
            hasher.combine(xlator.name)
            hasher.combine(xlator.type)
            hasher.combine(xlator.subvolumes)
        }
        return hasher.finalize()
    }
}

enum VolfileServerError: Error, CustomStringConvertible {
    case noSecret

    var description: String {
        "the store was never reached, so the volumes' credentials are not known: is gd2-store up?"
    }
}
