import Crypto
import FoundationEssentials
import GlusterModel
import GlusterXDR
import Logging
import StoreAPI
import StoreMirror
import Synchronization
import Volfile
import Volgen

/// Renders volfiles from the newest view of the cluster, and keeps them.
final class VolfileServer: Sendable {
    /// A rendered volfile.
    struct Rendered: Sendable {
        var text: String
        /// Of names, types and children: a brick cannot change these while it runs.
        var shape: Int
        /// What a client has to know at least. The text is the same for all that do.
        var opVersion: Int
    }

    private struct CacheKey: Hashable {
        var id: VolfileID
        var isTrusted: Bool
    }

    private struct State {
        var cluster = ClusterState()
        var secret: TrustedSecret?
        var cache: [CacheKey: Rendered] = [:]
    }

    private let volgen = Volgen()
    private let log: Logger
    private let decoder = Mutex(ClusterDecoder())
    private let state = Mutex(State())

    init(log: Logger) { self.log = log }

    /// Takes a newer view; what was rendered from an old one and would be another text now is
    /// rendered anew when asked.
    func update(_ view: MirrorView) {
        // Outside of the lock that every GETSPEC takes.
        let cluster = decoder.withLock { $0.state(of: view) }
        let key = view.identity?.keys.volumeAuthSecret
        let secret = key.flatMap { view.values[$0] }.flatMap { TrustedSecret(hex: $0.value) }
        let (old, known) = state.withLock { ($0.cluster, $0.cache.keys.map(\.id.volume)) }
        let isSame =
            old.peers == cluster.peers && old.identity == cluster.identity
            && state.withLock { $0.secret == secret || secret == nil }
        let kept = Set(known).filter { isSame && Self.isSame($0, old, cluster) }
        state.withLock { state in
            state.cluster = cluster
            if let secret { state.secret = secret }
            state.cache = state.cache.filter { kept.contains($0.key.id.volume) }
        }
    }

    /// Whether a volume's volfiles say the same in both.
    private static func isSame(
        _ name: String?, _ old: ClusterState, _ new: ClusterState
    ) -> Bool {
        guard let name, let before = old.volume(named: name), let now = new.volume(named: name)
        else { return false }
        return before == now && sharedCounts(before, old) == sharedCounts(now, new)
    }

    func volumeID(named name: String) -> VolumeID? {
        state.withLock { $0.cluster.volume(named: name)?.id }
    }

    /// `willReply` notes what the caller is about to have. A change between rendering and noting
    /// would be told to nobody, so the text is looked at once more after it.
    func reply(
        to request: GetSpecRequest, isTrusted: Bool, willReply: (Rendered) -> Void
    ) -> GetSpecReply {
        let id = VolfileID(request.key)
        do {
            var text: String?
            for _ in 0..<Limits.rendersPerRequest {
                let now = try volfile(id, isTrusted: isTrusted, opVersion: request.maxOpVersion)
                guard let now else { return .failed(.notFound) }
                if now.text == text { return .volfile(now.text) }
                willReply(now)
                text = now.text
            }
            return .failed(.tryAgain)
        } catch VolgenError.opVersion(let needed, let known, let volume) {
            log.warning(
                "client too old",
                metadata: ["volume": "\(volume)", "needs": "\(needed)", "knows": "\(known)"])
            return .failed(.notSupported)
        } catch {
            log.warning(
                "volfile not rendered",
                metadata: ["volfile": "\(request.key)", "error": "\(error)"])
            return .failed(.tryAgain)
        }
    }

    /// nil: there is no such volfile, or it is not for this caller.
    func volfile(_ id: VolfileID, isTrusted: Bool, opVersion: Int) throws -> Rendered? {
        let key = CacheKey(id: id, isTrusted: isTrusted)
        return try state.withLock { state in
            if let known = state.cache[key], known.opVersion <= opVersion { return known }
            guard let (volume, role) = Self.target(id, isTrusted, state.cluster) else { return nil }
            guard let secret = state.secret else { throw VolfileServerError.noSecret }
            let audience = Audience(isTrusted: isTrusted, opVersion: opVersion)
            let volfile = try volgen.volfile(
                of: volume, for: role, audience: audience,
                context: Self.context(of: volume, state.cluster, secret))
            let rendered = Rendered(
                text: volfile.text, shape: Self.shape(of: volfile),
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
